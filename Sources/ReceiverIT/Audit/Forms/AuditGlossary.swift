/// What the words of a report mean, for whoever reads one for the first time.
enum AuditGlossary {
    static func meaning(_ exit: AuditExit) -> String {
        switch exit {
        case .well: "balanced, nothing missing"
        case .open: "something is missing or silent, and may still come"
        case .lost: "records are lost for good and not acknowledged"
        case .broken: "the account cannot be trusted as it is"
        }
    }

    /// The exit codes, as sentences.
    static let exits: [(exit: AuditExit, text: String)] = [
        (
            .well,
            "All is accounted for: every record that the sender numbered has come, or somebody has accepted its loss."
        ),
        (
            .open,
            "Something is missing or silent. Nothing is given up yet: repetitions may still bring it, or a bundle that is carried to the sender."
        ),
        (
            .lost,
            "Records are gone for good. They are listed under their topics; once somebody has accepted that with ack, the code is lower."
        ),
        (
            .broken,
            "The account itself is in doubt: sums, signatures or contents contradict each other. Find out why before trusting anything else here."
        ),
    ]

    static let exitCode = "The exit code is the program's verdict in one number: the highest that applies to any link."

    static let epoch =
        "An epoch is one lifetime of the sender: each time the sending program starts, it begins a new epoch and numbers its records"
        + " from 1 again. The long number of an epoch is the time of that start, in milliseconds since 1970."

    static let gap =
        "A gap is a run of records that did not come in time: open while it can still be filled, healed once it was, lost once the"
        + " sender no longer has it."

    static let atMost =
        "\"up to\": the topic's records lie in this gap or in its neighbours, and nobody can tell in which. Topics by loss counts each"
        + " once."

    static let sums = "Every record that the sender numbered is counted once: sent = delivered + late + missing + lost."
}
