/// What a program says to its caller (C2). A caller may rely on each number.
public enum ExitCode: Int32, Sendable {
    /// All is well; `--audit`: balanced, nothing missing.
    case success = 0
    /// The operation failed; `check`: a check failed; `resend`: none of it is there; `status`: the daemon is unreachable.
    case failure = 1
    /// Wrong usage or configuration. The message names what and where, and what is allowed.
    case usage = 2
    /// `--audit`: gaps are open or the link is stale; `status`: degraded; `resend`: only some of it is there.
    case degraded = 3
    /// `--audit`: records are lost for good and not acknowledged; `status`: stale or offline.
    case lost = 4
    /// `--audit`: the ledger does not balance or verify, equivocation was seen, or digests differ while settled.
    case unbalanced = 5
}
