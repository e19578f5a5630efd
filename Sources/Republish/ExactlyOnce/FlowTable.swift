internal import Collections
internal import Outbox

/// Which QoS 2 delivery has which packet identifier at the IT broker, and how far their hand-over is: what the next connection, and the next
/// process, needs to go on with it instead of beginning again.
///
/// ```text
///            note stored         PUBREC            note stored        PUBCOMP
///  reserved ─────────▶ sent ────────────▶ received ─────────▶ releasing ─────▶ done: no flow; a mark while the outbox holds it
///     ▲                 │ PUBREC: refused                                │
///     └── put off ──────┴────────────── the session is gone ─────────────┘   in doubt: counted as repeated
/// ```
///
/// | stored | sent by the next connection of the session | without the session |
/// |---|---|---|
/// | may be sent | the PUBLISH, under the same identifier: a broker that has it does not take it again | again, in doubt |
/// | received | PUBREL: the broker passes the message on, or has done so | again, in doubt: it may have been passed on |
///
/// An identifier is stored before its PUBLISH goes, and that the broker has the message before its PUBREL goes [MQTT-4.3.3]. So nothing is
/// sent that a later process does not know of, and no message whose identifier the broker has forgotten is taken for one that is not there. A
/// message that is not to be published any more while the broker holds it makes its identifier an orphan: nobody gets it before the
/// session is begun anew, since a broker would take what comes under it for that message.
///
/// Bounded by ``flowLimit`` and ``identifiers``.
struct FlowTable: Sendable {
    /// Packet identifiers that are this table's.
    static let identifiers: UInt16 = 16_384
    /// Hand-overs begun, or about to.
    static let flowLimit = 2_048
    /// With more orphans than this the next session begins anew.
    static let orphanLimit = 1_024

    private enum Stage { case reserved, sent, received, releasing }

    private struct Flow {
        let identifier: UInt16
        var stage = Stage.reserved
        /// The broker may hold the message.
        var isOut = false
        /// The note that says so; `.max`: none yet.
        var keptAt = UInt64.max
        /// Its packet went over the connection that stands.
        var isGoing = false
    }

    private var flows: [UInt64: Flow] = [:]
    private var used: Set<UInt16> = []
    private var orphans: Set<UInt16> = []
    private var next: UInt16 = 1
    /// What the broker may have passed on, or never will, since the session is gone.
    private var doubted: Set<UInt64> = []
    private var distrustedBefore = UInt64.max
    private var isOldBroker = false
    /// Whose session it is.
    private var server = ""
    /// The session that the next connection finds is none of these flows': it is begun anew, whatever else is wished.
    private(set) var startsAnew = false
    private let boot: UInt64

    private var done = DoneMarks()
    /// Of `done`, what an earlier process has left, until the outbox offers it.
    private var doneBefore = DoneMarks()
    /// Topics of which something older was sent again in this process; what is done of them has to come again behind it.
    private var reopened: Set<Int> = []
    /// Begun on an earlier connection of the session, and not ended.
    private var resuming: Set<UInt64> = []
    /// Flows that the outbox has not offered since the connection stands.
    private var untaken: Set<UInt64> = []

    /// In the order of their PUBRECs.
    private var toRelease = Ring<UInt64>()
    private var unkept: [UInt64] = []
    private var changedBlocks: Set<UInt64> = []
    private var isChanged = false

    /// - Parameters:
    ///   - notes: what an earlier process has kept.
    ///   - boot: which start of the machine this is; what was kept in another one is not believed, since a loss of power may have taken the
    ///     newest of it.
    init(_ notes: [OutputNote], boot: UInt64) {
        self.boot = boot
        for note in notes {
            if let block = FlowNotes.block(of: note.name) {
                done.restore(block, note.value)
            } else if let table = FlowNotes.Table(note.value), table.boot == boot, boot != 0 {
                restore(table)
            }
        }
        doneBefore = done
        untaken = Set(flows.keys)
    }

    private mutating func restore(_ table: FlowNotes.Table) {
        isOldBroker = table.isOldBroker
        server = table.server
        distrustedBefore = table.distrustedBefore
        for entry in table.entries where entry.identifier <= Self.identifiers {
            guard used.insert(entry.identifier).inserted else { continue }
            next = max(next, entry.identifier % Self.identifiers + 1)
            guard entry.stage != .orphan else {
                orphans.insert(entry.identifier)
                continue
            }
            flows[entry.position] = Flow(
                identifier: entry.identifier, stage: entry.stage == .received ? .received : .sent, isOut: true,
                keptAt: 0)
        }
    }

    // MARK: The session

    /// Something is under way that only the session at the broker can bring to its end.
    var needsSession: Bool { flows.values.contains(where: \.isOut) }

    /// Whether the next connection begins a new session. MQTT 3.1.1 cannot begin one and have it kept.
    /// - Parameters:
    ///   - isWanted: something is to go for which the session has to be kept.
    ///   - isSearching: a record is looked for at which the broker ends connections, without what earlier ones have begun.
    func startsClean(isWanted: Bool = false, isSearching: Bool = false) -> Bool {
        // Before all else: over the session that was found nothing can be done, however often it is tried.
        if startsAnew { return true }
        if isWanted { return false }
        return isSearching || (needsSession ? orphans.count > Self.orphanLimit : !isOldBroker || !orphans.isEmpty)
    }

    /// A server says whether it has a session of ours. To be called for each, also where the connection is not used.
    /// - Returns: false if it has one that is not that of these flows: what comes of it has nothing to do with them, and what it may hold stands in
    ///   the way of identifiers. The connection must not be used, and the next one begins a new session.
    mutating func found(session: Bool, at server: String) -> Bool {
        guard session else {
            sessionGone()
            startsAnew = false
            return true
        }
        guard !self.server.isEmpty, server != self.server else { return true }
        sessionGone()
        startsAnew = true
        return false
    }

    /// The session in which flows were begun is gone: each begins again, and what was under way is in doubt.
    private mutating func sessionGone() {
        if !orphans.isEmpty {
            used.subtract(orphans)
            orphans = []
            isChanged = true
        }
        for (position, var flow) in flows where flow.isOut {
            doubted.insert(position)
            // The note would have it released: what comes under it next may not be there yet.
            if flow.stage == .received || flow.stage == .releasing { unkeep(position, &flow) }
            flow.stage = .reserved
            flow.isOut = false
            flows[position] = flow
        }
    }

    /// All that was taken goes back to the outbox, and will be offered again.
    mutating func rewound() { untaken = Set(flows.keys) }

    /// A connection stands, after `found`.
    /// - Parameters:
    ///   - isResumed: the broker has kept the session.
    ///   - server: whose it is.
    ///   - isOldBroker: it speaks MQTT 3.1.1.
    ///   - takesExactlyOnce: nothing is published at a lower QoS than 2 that came at it.
    ///   - takenBefore: whatever was or may have been taken from the outbox lies before it.
    mutating func connected(
        isResumed: Bool, server: String, isOldBroker: Bool, takesExactlyOnce: Bool, takenBefore: UInt64
    ) {
        toRelease = Ring()
        resuming = []
        if self.isOldBroker != isOldBroker || self.server != server {
            (self.isOldBroker, self.server) = (isOldBroker, server)
            isChanged = true
        }
        for (position, var flow) in flows {
            flow.isGoing = false
            if isResumed, flow.isOut { resuming.insert(position) }
            if flow.stage == .releasing { flow.stage = .received }
            flows[position] = flow
        }
        if !takesExactlyOnce {
            for position in Array(flows.keys) { end(position) }
            isChanged = isChanged || distrustedBefore != .max
            distrustedBefore = .max
        } else if distrustedBefore == .max {
            distrustedBefore = takenBefore
            isChanged = true
        }
    }

    // MARK: What is taken from the outbox

    /// Whether a delivery at QoS 2 that was, or may have been, taken before is in no doubt: it was not sent, or what was sent of it goes on.
    func isSure(_ position: UInt64) -> Bool {
        guard !doubted.contains(position) else { return false }
        if flows[position] != nil || doneBefore.contains(position) { return true }
        return position >= distrustedBefore && !done.contains(position)
    }

    /// Notes what was taken.
    /// - Parameters:
    ///   - topic: a hash of its topic.
    ///   - before: whatever an earlier process may have taken lies before it.
    /// - Returns: those that an earlier process had handed over for good; and how many of that kind have to go again, behind something older.
    mutating func noteTaken(
        _ window: [QueuedDelivery], before: UInt64, topic: (QueuedDelivery) -> Int
    ) -> (done: Set<UInt64>, again: Int) {
        var found: (done: Set<UInt64>, again: Int) = ([], 0)
        guard let last = window.last?.position.rawValue else { return found }
        if !doubted.isEmpty { for queued in window { doubted.remove(queued.position.rawValue) } }
        if !untaken.isEmpty {
            for queued in window { untaken.remove(queued.position.rawValue) }
            // The outbox has let go of what it does not offer any more.
            for position in untaken where position < last {
                // What goes was taken.
                if flows[position]?.isGoing ?? false { untaken.remove(position) } else { end(position) }
            }
        }
        guard !doneBefore.isEmpty else { return found }
        for queued in window {
            let position = queued.position.rawValue
            guard position < before else {
                (doneBefore, reopened) = (DoneMarks(), [])
                break
            }
            if !doneBefore.remove(position) {
                reopened.insert(topic(queued))
            } else if reopened.contains(topic(queued)) {
                found.again += 1
            } else {
                found.done.insert(position)
            }
        }
        return found
    }

    // MARK: What an earlier connection has begun

    /// Something that an earlier connection has begun is not ended. Until then a broker may count it against what it takes at once.
    var isResuming: Bool { !resuming.isEmpty }

    /// The outbox has to offer more, before all of that can go on.
    var lacksDeliveries: Bool { !resuming.isEmpty && !untaken.isDisjoint(with: resuming) }

    /// The outbox has nothing more.
    mutating func endUntaken() { for position in untaken { end(position) } }

    /// Whether it is to go on, and has not gone yet.
    func goesOn(_ position: UInt64) -> Bool { resuming.contains(position) && flows[position]?.isGoing == false }

    // MARK: The way of a flow

    /// Whether there is nothing that an answer could change.
    var isIdle: Bool { flows.isEmpty && done.isEmpty }

    /// Whether there is a flow for it.
    func hasFlow(_ position: UInt64) -> Bool { flows[position] != nil }

    /// Whether its next packet may go.
    /// - Parameter kept: up to where notes are stored.
    func isReady(_ position: UInt64, kept: UInt64) -> Bool { flows[position].map { $0.keptAt <= kept } ?? false }

    /// Whether its next packet is a PUBREL.
    func isReceived(_ position: UInt64) -> Bool { flows[position]?.stage == .received }

    /// Gives a delivery an identifier, if there is room.
    /// - Returns: whether it has one now.
    mutating func reserve(_ position: UInt64) -> Bool {
        guard flows[position] == nil else { return true }
        guard flows.count < Self.flowLimit, used.count < Int(Self.identifiers) else { return false }
        while used.contains(next) { next = next % Self.identifiers + 1 }
        var flow = Flow(identifier: next)
        used.insert(next)
        next = next % Self.identifiers + 1
        unkeep(position, &flow)
        flows[position] = flow
        return true
    }

    /// The same for what nothing may stand before: of what comes behind it and was not sent, the youngest makes room.
    mutating func reserveFirst(_ position: UInt64) -> Bool {
        if reserve(position) { return true }
        guard let youngest = flows.filter({ $0.key > position && !$0.value.isOut }).keys.max() else { return false }
        end(youngest)
        return reserve(position)
    }

    /// Its PUBLISH, if there is a flow for it: under which identifier, and whether it may have gone before.
    func packet(_ position: UInt64) -> (identifier: UInt16, isSentBefore: Bool)? {
        guard let flow = flows[position] else { return nil }
        return (flow.identifier, flow.isOut)
    }

    /// It went.
    mutating func sent(_ position: UInt64) {
        flows[position]?.stage = .sent
        flows[position]?.isOut = true
        flows[position]?.isGoing = true
    }

    /// PUBREC has come. Its release waits until that is stored.
    mutating func received(_ position: UInt64) {
        guard var flow = flows[position], flow.stage == .sent else { return }
        flow.stage = .received
        unkeep(position, &flow)
        flows[position] = flow
        toRelease.append(position)
    }

    /// Moves out the next one that may be released, in the order of the PUBRECs.
    mutating func takeRelease(kept: UInt64) -> (identifier: UInt16, position: UInt64)? {
        while let position = toRelease.first {
            if let flow = flows[position], flow.stage == .received {
                guard flow.keptAt <= kept else { return nil }
                toRelease.popFirst()
                return release(position)
            }
            toRelease.popFirst()
        }
        return nil
    }

    /// Its PUBREL goes.
    mutating func release(_ position: UInt64) -> (identifier: UInt16, position: UInt64)? {
        guard let flow = flows[position] else { return nil }
        flows[position]?.stage = .releasing
        flows[position]?.isGoing = true
        return (flow.identifier, position)
    }

    /// The broker does not take it, and holds nothing of it.
    mutating func refused(_ position: UInt64) {
        guard var flow = flows[position] else { return }
        if flow.stage == .received || flow.stage == .releasing { unkeep(position, &flow) }
        flow.stage = .reserved
        flow.isOut = false
        flows[position] = flow
        resuming.remove(position)
    }

    /// The outbox has the final word on a delivery.
    /// - Parameter settled: whatever lies before it has left the outbox.
    mutating func answered(_ position: UInt64, isPublished: Bool, settled: UInt64) {
        guard flows[position] != nil else { return }
        if isPublished {
            // Its last answer ends it, whatever the broker may have held.
            flows[position]?.isOut = false
            if position >= settled { changedBlocks.insert(done.insert(position)) }
        }
        end(position)
    }

    /// Forgets marks of what has left the outbox.
    mutating func trim(before settled: UInt64) {
        guard !done.isEmpty else { return }
        let gone = done.trim(before: settled)
        if !doneBefore.isEmpty { _ = doneBefore.trim(before: settled) }
        guard !gone.isEmpty else { return }
        changedBlocks.formUnion(gone)
        isChanged = true
    }

    /// There is no flow any more; if the broker may hold the message, its identifier stays away.
    mutating func end(_ position: UInt64) {
        resuming.remove(position)
        untaken.remove(position)
        guard let flow = flows.removeValue(forKey: position) else { return }
        if flow.isOut { orphans.insert(flow.identifier) } else { used.remove(flow.identifier) }
        isChanged = true
    }

    private mutating func unkeep(_ position: UInt64, _ flow: inout Flow) {
        flow.keptAt = .max
        unkept.append(position)
        isChanged = true
    }

    // MARK: Notes

    /// Moves out what is to be stored, if anything has changed; `noteKept` says as what. Whether somebody waits for it.
    mutating func takeNotes() -> (notes: [(name: [UInt8], value: [UInt8]?)], isAwaited: Bool)? {
        guard isChanged || !changedBlocks.isEmpty else { return nil }
        isChanged = false
        var table = FlowNotes.Table(
            isOldBroker: isOldBroker, server: server, boot: boot, distrustedBefore: distrustedBefore)
        table.entries = flows.map { position, flow in
            let isReceived = flow.stage == .received || flow.stage == .releasing
            return FlowNotes.Entry(
                stage: isReceived ? .received : .sent, identifier: flow.identifier, position: position)
        }
        table.entries += orphans.map { FlowNotes.Entry(stage: .orphan, identifier: $0, position: 0) }
        var notes: [(name: [UInt8], value: [UInt8]?)] = [(FlowNotes.tableName, table.bytes)]
        notes += changedBlocks.map { (FlowNotes.name(of: $0), done.bytes(of: $0)) }
        changedBlocks = []
        return (notes, !unkept.isEmpty)
    }

    /// What `takeNotes` gave is stored as soon as this number is.
    mutating func noteKept(_ number: UInt64) {
        for position in unkept where flows[position]?.keptAt == .max { flows[position]?.keptAt = number }
        unkept = []
    }
}
