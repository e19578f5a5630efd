/// Whose database it is, and how it came to be.
///
/// The file bears the owner's number (`PRAGMA application_id`) and counts the migrations it has seen
/// (`PRAGMA user_version`). A migration, once shipped, is never changed: what is new is appended.
public struct DatabaseSchema: Sendable {
    /// The program that owns the file, for messages.
    public let owner: String
    /// Four ASCII letters, for example `UDSN`.
    public let applicationID: StaticString
    /// SQL scripts, the oldest first. Each runs once, in a transaction of its own.
    public let migrations: [String]

    public init(owner: String, applicationID: StaticString, migrations: [String]) {
        precondition(applicationID.utf8CodeUnitCount == 4, "an application id has four letters")
        self.owner = owner
        self.applicationID = applicationID
        self.migrations = migrations
    }

    /// The letters as a big-endian number, as `file` shows them.
    var number: Int64 {
        applicationID.withUTF8Buffer { $0.reduce(0) { $0 << 8 | Int64($1) } }
    }
}
