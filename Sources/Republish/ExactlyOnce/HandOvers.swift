internal import Account
internal import Deliveries
internal import MQTT
internal import MQTTProtocol
internal import Outbox

/// Takes deliveries from the outbox and sees to it that those of QoS 2 are handed over once: asks for the session that this needs, has the
/// outbox store what must be stored before a packet goes, and says what of a delivery that comes again is in doubt.
///
/// ```text
///  outbox ─ take ─▶ done by an earlier process: answered
///              └──▶ ready? ─ no flow: reserved, some ahead of their turn ─▶ stored ─▶ PUBLISH ─▶ PUBREC ─▶ stored ─▶ PUBREL ─▶ answered
/// ```
struct HandOvers: ~Copyable {
    private let output: OutboxOutput
    private var flows: FlowTable
    /// Whatever an earlier process may have taken lies before it.
    private let before: UInt64
    /// Up to where notes are stored.
    private var kept: UInt64 = 0
    /// The broker was asked to keep the session of this connection.
    private var isSessionKept = false
    /// There is something for which the session has to be kept.
    private(set) var wantsSession = false

    /// Moves its notes out of the outbox; others stay there.
    init(_ output: OutboxOutput, boot: UInt64 = FlowNotes.bootNumber()) {
        self.output = output
        before = output.takenBefore.rawValue
        flows = FlowTable(output.takeNotes { $0.name.first == FlowNotes.prefix }, boot: boot)
    }

    // MARK: The session

    /// Whether the next connection begins a new session.
    func startsClean(isSearching: Bool) -> Bool {
        flows.startsClean(isWanted: wantsSession, isSearching: isSearching)
    }

    /// Whether the broker may forget the session: nothing is under way.
    var endsSession: Bool { !flows.needsSession }

    /// A server has answered CONNECT.
    /// - Returns: false if the session that it has is not the one of what is under way: the connection must not be used.
    mutating func found(_ grant: ServerGrant) -> Bool {
        defer { keep() }
        return flows.found(session: grant.sessionPresent, at: grant.server)
    }

    /// The outbox offers all that was taken again.
    mutating func rewound() { flows.rewound() }

    /// A connection stands, after `found`.
    /// - Parameters:
    ///   - startedClean: the connection asked for a new session.
    ///   - maximumQoS: what is published at a higher one goes at this one.
    mutating func connected(_ grant: ServerGrant, startedClean: Bool, maximumQoS: QoS) {
        let isOld = grant.version == .v3_1_1
        isSessionKept = !(isOld && startedClean)
        if isSessionKept { wantsSession = false }
        flows.connected(
            isResumed: grant.sessionPresent, server: grant.server, isOldBroker: isOld && isSessionKept,
            takesExactlyOnce: maximumQoS == .exactlyOnce, takenBefore: output.takenBefore.rawValue)
        keep()
    }

    // MARK: From the outbox

    /// As `OutboxOutput.take`, without what an earlier process has handed over for good; that is answered.
    mutating func take(
        records: Int, bytes: Int, isExactlyOnce: (QueuedDelivery) -> Bool, topic: (QueuedDelivery) -> Int
    ) -> [QueuedDelivery] {
        while true {
            let flows = flows
            let window = output.take(records: records, bytes: bytes) {
                isExactlyOnce($0) && flows.isSure($0.position.rawValue)
            }
            let (done, again) = self.flows.noteTaken(window, before: before, topic: topic)
            if again > 0 { output.noteDoubts(again) }
            guard !done.isEmpty else { return window }
            answer(
                window.filter { done.contains($0.position.rawValue) }.map {
                    OutboxSettlement(position: $0.position, disposition: .published)
                })
            let rest = window.filter { !done.contains($0.position.rawValue) }
            if !rest.isEmpty { return rest }
        }
    }

    /// Gives the outbox the final word on deliveries.
    mutating func answer(_ answers: [OutboxSettlement]) {
        output.settle(answers)
        guard !flows.isIdle else { return }
        let settled = output.settled.rawValue
        for answer in answers {
            flows.answered(answer.position.rawValue, isPublished: answer.disposition == .published, settled: settled)
        }
        flows.trim(before: settled)
        keep()
    }

    // MARK: To the broker

    /// Something that an earlier connection has begun is not ended: nothing else goes before.
    var isResuming: Bool { flows.isResuming }

    /// The outbox has to offer more before all of it can go on.
    var lacksDeliveries: Bool { flows.lacksDeliveries }

    /// The outbox has nothing more to offer: what it does not have is given up.
    mutating func endUntaken() {
        flows.endUntaken()
        keep()
    }

    /// Whether an earlier connection has begun with it, and it has not gone on yet.
    func goesOn(_ position: OutboxPosition) -> Bool { flows.goesOn(position.rawValue) }

    /// Whether what is stored of it lets its next packet go.
    func isStored(_ position: OutboxPosition) -> Bool { flows.isReady(position.rawValue, kept: kept) }

    /// It goes another way.
    mutating func end(_ position: OutboxPosition) {
        flows.end(position.rawValue)
        keep()
    }

    /// Whether a delivery of QoS 2 may go.
    /// - Parameters:
    ///   - ahead: what comes behind it.
    ///   - isExactlyOnce: which of these will go at QoS 2.
    mutating func isReady(
        _ queued: QueuedDelivery, ahead: ArraySlice<QueuedDelivery>, isExactlyOnce: (QueuedDelivery) -> Bool
    ) -> Bool {
        guard isSessionKept else {
            wantsSession = true
            return false
        }
        let position = queued.position.rawValue
        if flows.isReady(position, kept: kept) { return true }
        guard flows.reserveFirst(position) else { return false }
        for queued in ahead where isExactlyOnce(queued) {
            guard flows.reserve(queued.position.rawValue) else { break }
        }
        keep()
        return flows.isReady(position, kept: kept)
    }

    /// The packet identifier of a PUBLISH, and whether it may have gone before.
    func packet(_ position: OutboxPosition) -> (identifier: UInt16, isSentBefore: Bool)? {
        flows.packet(position.rawValue)
    }

    mutating func sent(_ position: OutboxPosition) { flows.sent(position.rawValue) }

    /// PUBREC has come.
    mutating func received(_ positions: [OutboxPosition]) {
        guard !positions.isEmpty else { return }
        for position in positions { flows.received(position.rawValue) }
        keep()
    }

    mutating func refused(_ position: OutboxPosition) { flows.refused(position.rawValue) }

    /// Releases what the broker has received and is stored so.
    mutating func release(over connection: Connection) {
        kept = output.keptThrough
        while let (identifier, position) = flows.takeRelease(kept: kept) {
            connection.release(identifier, token: position)
        }
    }

    /// Releases a delivery that was received over an earlier connection.
    /// - Returns: false if it was not.
    mutating func release(_ position: OutboxPosition, over connection: Connection) -> Bool {
        guard flows.isReceived(position.rawValue), let (identifier, token) = flows.release(position.rawValue) else {
            return false
        }
        connection.release(identifier, token: token)
        return true
    }

    /// Has the outbox store what has changed.
    private mutating func keep() {
        guard let (notes, isAwaited) = flows.takeNotes() else { return }
        flows.noteKept(output.keep(notes, isAwaited: isAwaited))
        kept = output.keptThrough
    }
}
