import Commands
import Configuration
import DiodeProtocol
import JSON
import ReceiverIT
import Storage
import Threading

/// `diode-recv --audit`: what was lost, and whether the books balance, read from the database in one transaction. The daemon
/// may run or not.
enum Audit {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try ReceiverConfiguration(path: invocation.required("--config"))
        let isJSON: Bool
        switch invocation.value("--format") {
        case nil, "table"?: isJSON = false
        case "json"?: isJSON = true
        case let other?: throw UsageError("--format: \"\(other)\" is no format; allowed: table or json")
        }
        let verifies = invocation.has("--verify")
        var snapshot: AuditSnapshot
        do throws(StorageError) {
            snapshot = try AuditReader.read(configuration.state.resolved, verifies: verifies)
        } catch { throw Program.Failure(error) }
        if let name = invocation.value("--link") {
            guard snapshot.links.contains(where: { $0.name == name }) else {
                throw UsageError("--link: the database knows no link \"\(name)\"")
            }
            snapshot.keepLink(name)
        }
        let report = AuditReport(
            snapshot, silenceTimeout: configuration.silenceTimeout, isVerified: verifies,
            now: UnixMilliseconds(rawValue: UnixClock.now()))
        Terminal.write(isJSON ? report.json.page + "\n" : report.table)
        return report.code
    }
}
