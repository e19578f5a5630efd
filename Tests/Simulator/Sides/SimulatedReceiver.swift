import Account
import Audit
import DiodeProtocol
import ReceiverIT
import TestKit
import Storage
import Time
import ReceiverITCore
import ReceiverITAudit
import ReceiverITStore

/// The receiver's side: the core, and the real database behind it where a history kills it.
final class SimulatedReceiver {
    private(set) var core: ReceiverCore
    let settings: ReceiverCore.Settings
    private let folder: TemporaryDirectory?
    private let card: LinkCard
    private let archive: LinkArchive?
    /// Rounds that no transaction holds yet.
    private(set) var unstored: [Commit] = []
    /// The process does not run until then.
    var downUntil: UInt64?
    /// It started from its database and has heard nothing since.
    private(set) var isRestoring = false

    init(_ scenario: PairScenario, card: LinkCard, seed: UInt64, now: MonotonicInstant, time: UnixMilliseconds) throws {
        var settings = ReceiverCore.Settings()
        settings.silenceTimeout = .nanoseconds(Int64(3 * scenario.beatNanoseconds))
        settings.seals = SimulatedSeal.keys
        if scenario.secondPath != nil { settings.paths = ["a", "b"] }
        let folder = scenario.killsReceiver ? try TemporaryDirectory("history", inMemory: true) : nil
        let archive = try folder.map { try LinkArchive(path: "\($0.path)/recv.db", card: card, time: time) }
        core = try ReceiverCore(card: card, settings: settings, seed: seed, now: now, time: time)
        self.settings = settings
        self.folder = folder
        self.card = card
        self.archive = archive
    }

    /// Whether a kill takes something.
    var hasDatabase: Bool { folder != nil }

    func receive(_ datagram: [UInt8], path: Int, now: MonotonicInstant, time: UnixMilliseconds) {
        core.receive(frame: datagram.span.bytes, path: path, now: now, time: time)
    }

    func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        core.advance(now: now, time: time)
        let round = core.takeCommit()
        if !round.isEmpty { unstored.append(round) }
        if core.counters.liveBlocks + core.counters.beatBlocks + core.counters.snapshotBlocks > 0 {
            isRestoring = false
        }
    }

    /// One transaction for all rounds that wait.
    /// - Returns: these rounds.
    func store(time: UnixMilliseconds) throws -> [Commit] {
        let rounds = unstored
        unstored = []
        try archive?.store(rounds, time: time)
        return rounds
    }

    /// A kill: what no transaction holds never happened.
    /// - Returns: how many records were forgotten.
    func kill(seed: UInt64, now: MonotonicInstant, time: UnixMilliseconds) throws -> Int {
        let forgotten = unstored.reduce(0) { $0 + $1.deliveries.count }
        unstored = []
        guard let core = try archive?.core(settings: settings, seed: seed, now: now, time: time) else {
            preconditionFailure("a history with kills has a database")
        }
        self.core = core
        isRestoring = self.core.beginsAt != nil
        return forgotten
    }

    /// P9: the books that an operator reads say the same; the ledger's chain, what it says of gaps, and their table agree.
    func checkAudit(time: UnixMilliseconds) throws {
        guard let folder else { return }
        let reader = AuditReader(
            "\(folder.path)/recv.db", silenceTimeout: .seconds(3), now: time, cards: [card], seals: SimulatedSeal.keys)
        guard let link = try reader.read(verifies: true).links.first else { return }
        let account = core.account
        let told = [link.totals.sent, link.totals.delivered, link.totals.late, link.totals.missing, link.totals.lost]
        let broken = link.findings.filter { $0.exit == .broken }.map(\.text)
        guard broken.isEmpty,
            told == [account.sent, account.delivered, account.late, account.missing, account.lost].map({ Int64($0) })
        else {
            throw NamespaceModel.Violation(promise: "P9", detail: "the audit says \(told) of \(account): \(broken)")
        }
        try checkMatters(link, path: "\(folder.path)/recv.db")
    }

    /// D19: what status looks through finds what the audit finds.
    private func checkMatters(_ link: LinkAudit, path: String) throws {
        let database = try Database(path: path, schema: StoreSchema.schema, access: .readOnly)
        var (audited, stored) = (link.matters, try StoredMatters.read(of: 1, name: link.link, in: database))
        let isAlike = audited.equivocations.isEmpty == stored.equivocations.isEmpty
        (audited.equivocations, stored.equivocations, audited.differs) = ([], [], false)
        guard isAlike, audited == stored else {
            throw NamespaceModel.Violation(promise: "D19", detail: "the audit finds \(audited), status \(stored)")
        }
    }
}
