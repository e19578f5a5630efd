/// The version of both programs. `CHANGELOG.md` says what each one brought.
public enum ProgramVersion {
    /// As in semver.org.
    public static let number = "0.1.0"
    /// What the beat and the ledger carry: at most 64 bytes.
    public static let software = "uns-diode \(number)"
}
