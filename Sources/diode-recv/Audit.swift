internal import Audit
internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import Glibc
internal import JSON
internal import KeyFiles
internal import Ledger
internal import ReceiverIT
internal import ReceiverITAudit
internal import ReceiverITStatus
internal import Storage
internal import Threading
internal import Time

/// `diode-recv --audit`: what was lost, and whether the books balance, read from the database in one transaction. The daemon
/// may run or not.
enum Audit {
    /// Where Debian keeps what its zones are.
    private static let zoneFolder = "/usr/share/zoneinfo/"
    private static let zoneBytes = 1 << 20

    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try ReceiverConfiguration(path: invocation.required("--config"))
        let format = try format(invocation)
        let period = try period(invocation)
        let noted = try notedHeads(invocation)
        let now = UnixClock.now()
        let reader = AuditReader(
            configuration.state.resolved, silenceTimeout: configuration.silenceTimeout, now: now,
            cards: configuration.readableCards, seals: configuration.readableSealKeys)
        var snapshot: AuditSnapshot
        do throws(StorageError) {
            snapshot = try reader.read(verifies: invocation.has("--verify"), noted: noted)
        } catch {
            // What cannot be what the receiver wrote is no account that could be trusted.
            if case .corrupt = error { throw Program.Failure(error, code: .unbalanced) }
            throw Program.Failure(error)
        }
        complete(&snapshot, state: configuration.state.resolved)
        if let name = invocation.value("--link") {
            guard snapshot.links.contains(where: { $0.link == name }) else {
                throw UsageError("--link: the database knows no link \"\(name)\"")
            }
            snapshot.links.removeAll { $0.link != name }
        }
        if let period {
            snapshot.links = snapshot.links.map {
                $0.narrowed(to: period, history: snapshot.balances[$0.link] ?? [], now: now)
            }
        }
        let report = AuditReport(
            generatedAt: now, madeBy: "diode-recv \(ProgramVersion.number)", links: snapshot.links)
        if let path = invocation.value("--bundle") { try writeBundle(path, snapshot, now: now) }
        guard Terminal.write(report.text(as: format)) else {
            throw Program.Failure("the report could not be written")
        }
        return ExitCode(report.exit)
    }

    /// Asks the daemon where the database tells nothing current.
    private static func complete(_ snapshot: inout AuditSnapshot, state: String) {
        guard snapshot.links.contains(where: \.isUnwritten) else { return }
        var answer: JSONValue?
        do throws(ControlError) { answer = try ControlClient.ask(state: state, StatusReport.request) } catch {
            answer = nil
        }
        for index in snapshot.links.indices {
            let verdict = answer.flatMap { StatusReply.verdict(of: snapshot.links[index].link, in: $0) }
            snapshot.links[index].complete(with: verdict.map { .says($0) } ?? .none)
        }
    }

    private static func format(_ invocation: Invocation) throws(UsageError) -> AuditReport.Format {
        guard let text = invocation.value("--format") else { return .table }
        guard let format = AuditReport.Format(rawValue: text) else {
            let allowed = AuditReport.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("--format: \"\(text)\" is no format; allowed: \(allowed)")
        }
        return format
    }

    // MARK: The bundle

    /// Writes what a link misses for whoever carries it to the sender. What is said about it goes to standard error: the report has
    /// the other stream.
    private static func writeBundle(_ path: String, _ snapshot: AuditSnapshot, now: UnixMilliseconds) throws {
        let links = snapshot.links.filter { snapshot.missing[$0.link]?.isEmpty == false }
        guard let link = links.first else {
            return Terminal.complain("no bundle is needed: nothing that may still come is missing")
        }
        guard links.count == 1 else {
            throw UsageError(
                "--bundle is for one link: say which with --link; \(links.map(\.link).joined(separator: ", "))")
        }
        guard
            let (bundle, left) = ResendBundle.asking(
                for: snapshot.missing[link.link] ?? [], link: link.link, fingerprint: link.fingerprint, written: now)
        else { throw Program.Failure("what is missing does not fit into a bundle") }
        do throws(SystemError) { try WholeFile.replace(path, Array(bundle.text.utf8), mode: 0o644) } catch {
            throw Program.Failure("bundle \(path): cannot be written: \(error.reason)")
        }
        Terminal.complain("\(path): asks for \(bundle.blocks) blocks in \(bundle.runs.count) runs")
        if left > 0 {
            Terminal.complain("\(left) runs of the oldest epochs had no room: ask again once these have come")
        }
    }

    // MARK: The period

    private static func period(_ invocation: Invocation) throws(UsageError) -> AuditPeriod? {
        let zone = try zone(invocation.value("--tz"))
        guard invocation.has("--since") || invocation.has("--until") else {
            if invocation.has("--tz") { throw UsageError("--tz is for dates: it needs --since or --until") }
            return nil
        }
        do throws(AuditPeriodError) {
            return try AuditPeriod(
                since: invocation.value("--since"), until: invocation.value("--until"), zone: zone)
        } catch { throw UsageError(error.description) }
    }

    private static func zone(_ name: String?) throws(UsageError) -> TimeZoneRule {
        guard let name else { return .utc }
        if let zone = TimeZoneRule(offset: name) { return zone }
        if TimeZoneRule.isFileName(name) {
            let file: [UInt8]
            do throws(SystemError) { file = try WholeFile.read(zoneFolder + name, maximumBytes: zoneBytes) } catch {
                throw UsageError("--tz: \"\(name)\" is no time zone of this machine (\(error.reason))")
            }
            if let zone = TimeZoneRule(name: name, file: file) { return zone }
        }
        throw UsageError("--tz: \"\(name)\" is no time zone; allowed: UTC, +02:00, or a name like Europe/Berlin")
    }

    // MARK: The noted heads

    private static func notedHeads(_ invocation: Invocation) throws(UsageError) -> [NotedHead] {
        var heads: [NotedHead] = []
        for text in invocation.values("--head") {
            guard invocation.has("--verify") else { throw UsageError("--head is compared by --verify: give both") }
            guard let head = NotedHead(parsing: text) else {
                throw UsageError(
                    "--head: \"\(text)\" is no head; allowed: NUMBER:HASH as the audit, the log and the link status show it"
                )
            }
            heads.append(head)
        }
        return heads
    }
}

extension ExitCode {
    /// What the audit found.
    init(_ exit: AuditExit) {
        self =
            switch exit {
            case .well: .success
            case .open: .degraded
            case .lost: .lost
            case .broken: .unbalanced
            }
    }
}
