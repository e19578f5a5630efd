import Account
import Deliveries
import DiodeProtocol
import Testing

@testable import Outbox
@testable import Republish

@Suite("The packet identifiers of QoS 2 outlive connection and process")
struct FlowTableTests {
    private func table(_ notes: [OutputNote] = [], boot: UInt64 = 9) -> FlowTable { FlowTable(notes, boot: boot) }

    private func connect(
        _ table: inout FlowTable, isResumed: Bool = false, at server: String = "a:1", isOld: Bool = false,
        takenBefore: UInt64 = 1
    ) {
        let mayGoOn = table.found(session: isResumed, at: server)
        #expect(mayGoOn)
        table.connected(
            isResumed: isResumed, server: server, isOldBroker: isOld, takesExactlyOnce: true, takenBefore: takenBefore)
    }

    /// Stores what has changed, as note number `number`.
    private func keep(_ table: inout FlowTable, _ number: UInt64, in notes: inout [[UInt8]: [UInt8]]) {
        guard let taken = table.takeNotes() else { return }
        for (name, value) in taken.notes { notes[name] = value }
        table.noteKept(number)
    }

    private func reserve(_ position: UInt64, in table: inout FlowTable) {
        let isReserved = table.reserve(position)
        #expect(isReserved)
    }

    private func release(_ table: inout FlowTable, _ kept: UInt64) -> UInt64? {
        table.takeRelease(kept: kept)?.position
    }

    private func stored(_ notes: [[UInt8]: [UInt8]]) -> [OutputNote] {
        notes.map { OutputNote(name: $0.key, value: $0.value) }
    }

    private func queued(_ position: UInt64, topic: String = "a") -> QueuedDelivery {
        QueuedDelivery(
            position: OutboxPosition(rawValue: position), delivery: testDelivery(topic, qos: .exactlyOnce))
    }

    private func noteTaken(_ table: inout FlowTable, _ window: [QueuedDelivery], before: UInt64 = 100) -> Set<UInt64> {
        table.noteTaken(window, before: before) { String(decoding: $0.delivery.bytes, as: UTF8.self).hashValue }.done
    }

    @Test(
        "No PUBLISH goes before its identifier is stored, and no PUBREL before its PUBREC is, in the order of the PUBRECs"
    )
    func order() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table)
        let areReserved = [table.reserve(5), table.reserve(6)]
        #expect(areReserved == [true, true])
        #expect(!table.isReady(5, kept: 10))
        keep(&table, 11, in: &notes)
        #expect(!table.isReady(5, kept: 10) && table.isReady(5, kept: 11))
        #expect(table.packet(5)?.identifier == 1 && table.packet(5)?.isSentBefore == false)
        table.sent(5)
        table.sent(6)
        table.received(6)
        table.received(5)
        do {
            let released = release(&table, 11)
            #expect(released == nil)
        }
        keep(&table, 12, in: &notes)
        do {
            let released = release(&table, 11)
            #expect(released == nil)
        }
        let released = [release(&table, 12), release(&table, 12), release(&table, 12)]
        #expect(released == [6, 5, nil])
    }

    @Test("A later process sends the same PUBLISH or PUBREL while the session lasts, and nothing is in doubt")
    func restart() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table)
        for position: UInt64 in 5...7 { reserve(position, in: &table) }
        keep(&table, 1, in: &notes)
        for position: UInt64 in 5...7 { table.sent(position) }
        table.received(5)
        keep(&table, 2, in: &notes)
        table.received(6)
        var next = self.table(stored(notes))
        #expect(next.needsSession && !next.startsClean())
        connect(&next, isResumed: true)
        for position: UInt64 in 5...8 { #expect(next.isSure(position)) }
        let done = noteTaken(&next, (5...8).map { queued($0) })
        #expect(done == [])
        #expect(next.isReceived(5) && next.isReady(5, kept: 0))
        let identifier = next.release(5)?.identifier
        #expect(identifier == 1)
        for position: UInt64 in 6...7 {
            #expect(!next.isReceived(position) && next.isReady(position, kept: 0))
            #expect(
                next.packet(position)?.identifier == UInt16(position - 4) && next.packet(position)?.isSentBefore == true
            )
        }
        #expect(!next.hasFlow(8))
    }

    @Test("Without the session what may have been passed on is in doubt, and goes once more only when its note says so")
    func lostSession() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table)
        for position: UInt64 in 5...7 { reserve(position, in: &table) }
        keep(&table, 1, in: &notes)
        table.sent(5)
        table.sent(6)
        table.received(5)
        keep(&table, 2, in: &notes)
        connect(&table, isResumed: false)
        #expect(!table.isSure(5) && !table.isSure(6) && table.isSure(7) && table.isSure(8))
        // A later process must not take it for received: a release would end what was not sent.
        #expect(!table.isReady(5, kept: 2) && !table.isReceived(5))
        keep(&table, 3, in: &notes)
        #expect(table.isReady(5, kept: 3) && table.packet(5)?.isSentBefore == false)
        var next = self.table(stored(notes))
        connect(&next, isResumed: true)
        #expect(!next.isReceived(5))
    }

    @Test("What was stored in another boot of the machine, or never, is not believed")
    func distrust() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table, takenBefore: 4)
        #expect(!table.isSure(3) && table.isSure(4))
        reserve(5, in: &table)
        keep(&table, 1, in: &notes)
        var next = self.table(stored(notes), boot: 10)
        #expect(!next.needsSession && next.startsClean())
        connect(&next, takenBefore: 20)
        #expect(!next.isSure(5) && !next.isSure(19) && next.isSure(20))
        // Nor is it where QoS 2 went at a lower one.
        next.connected(
            isResumed: false, server: "a:1", isOldBroker: false, takesExactlyOnce: false, takenBefore: 30)
        #expect(!next.isSure(25))
        connect(&next, takenBefore: 40)
        #expect(!next.isSure(39) && next.isSure(40))
    }

    @Test(
        "What is handed over for good is not sent again, although the outbox offers it, unless something older of its topic is"
    )
    func done() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table)
        for position: UInt64 in 5...1_100 where position < 9 || position > 1_098 { reserve(position, in: &table) }
        keep(&table, 1, in: &notes)
        for position: UInt64 in [6, 7, 1_099] {
            table.sent(position)
            table.answered(position, isPublished: true, settled: 5)
        }
        keep(&table, 2, in: &notes)
        var next = self.table(stored(notes))
        connect(&next, isResumed: true)
        let window = [queued(5, topic: "x"), queued(6, topic: "y"), queued(7, topic: "x"), queued(1_099, topic: "z")]
        for position: UInt64 in [6, 7, 1_099] { #expect(next.isSure(position) && !next.hasFlow(position)) }
        let done = noteTaken(&next, window, before: 2_000)
        #expect(done == [6, 1_099])
        #expect(!next.isSure(7), "it goes again, behind an older one of its topic")
        table.trim(before: 1_024)
        keep(&table, 3, in: &notes)
        #expect(notes.keys.filter { $0.count == 9 }.count == 1)
        let rest = table.takeNotes()
        #expect(rest == nil)
    }

    @Test("An identifier whose message is given up while the broker may hold it is nobody's until a new session")
    func orphans() {
        var table = table()
        connect(&table)
        let areReserved = [table.reserve(5), table.reserve(6)]
        #expect(areReserved == [true, true])
        table.sent(5)
        table.answered(5, isPublished: false, settled: 5)
        table.answered(6, isPublished: false, settled: 5)
        for position in 10..<UInt64(10 + FlowTable.flowLimit) { reserve(position, in: &table) }
        let isBounded = !table.reserve(9_999)
        #expect(isBounded)
        #expect((10..<UInt64(10 + FlowTable.flowLimit)).allSatisfy { table.packet($0)?.identifier != 1 })
        #expect(!table.needsSession && table.startsClean())
        connect(&table, isResumed: true, isOld: true)
        #expect(table.startsClean(), "MQTT 3.1.1 has to begin anew for it")
        connect(&table, isResumed: false, isOld: true)
        #expect(!table.startsClean(), "and cannot have a new session kept")
    }

    @Test(
        "A session that was gone when a connection was refused is gone, although the next one finds what that one began"
    )
    func refusedConnection() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table)
        reserve(5, in: &table)
        keep(&table, 1, in: &notes)
        table.sent(5)
        table.received(5)
        keep(&table, 2, in: &notes)
        let mayGoOn = table.found(session: false, at: "a:1")
        #expect(mayGoOn && !table.isReceived(5) && !table.isSure(5))
        connect(&table, isResumed: true)
        #expect(!table.isResuming && table.packet(5)?.isSentBefore == false)
    }

    @Test(
        "The session of another server is not this one's: what is under way is in doubt, and a new session is begun there"
    )
    func otherServer() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table, isOld: true)
        reserve(5, in: &table)
        keep(&table, 1, in: &notes)
        table.sent(5)
        keep(&table, 2, in: &notes)
        var next = self.table(stored(notes))
        let mayGoOn = next.found(session: true, at: "b:1")
        #expect(!mayGoOn && next.startsAnew && next.startsClean() && !next.isSure(5))
        #expect(next.startsClean(isWanted: true), "or that session would be found for ever")
        connect(&next, at: "b:1", isOld: true)
        #expect(!next.startsAnew && !next.startsClean(isWanted: true, isSearching: true))
        #expect(!next.startsAnew && !next.isResuming)
        connect(&next, isResumed: true, at: "b:1", isOld: true)
    }

    @Test(
        "A connection that gives way to another one ends nothing of what was taken: only what the outbox has let go of")
    func renewal() {
        var (table, notes) = (table(), [[UInt8]: [UInt8]]())
        connect(&table, isOld: true)
        for position: UInt64 in [5, 6] { reserve(position, in: &table) }
        keep(&table, 1, in: &notes)
        connect(&table, isOld: true)
        table.sent(5)
        _ = noteTaken(&table, [queued(20)])
        #expect(table.hasFlow(5) && table.hasFlow(6))
        table.rewound()
        connect(&table, isResumed: true, isOld: true)
        _ = noteTaken(&table, [queued(6), queued(20)])
        #expect(!table.hasFlow(5) && table.hasFlow(6))
    }

    @Test("What nothing stands before always gets an identifier: the youngest that was not sent makes room")
    func room() {
        var table = table()
        connect(&table)
        for position in 10..<UInt64(10 + FlowTable.flowLimit) { reserve(position, in: &table) }
        let areReserved = [table.reserve(5), table.reserveFirst(5), table.reserveFirst(9_999)]
        #expect(areReserved == [false, true, false])
        #expect(table.hasFlow(5) && !table.hasFlow(UInt64(9 + FlowTable.flowLimit)) && table.hasFlow(10))
    }

    @Test("Notes that are none are left alone")
    func damaged() {
        let notes = [[FlowNotes.prefix], [FlowNotes.prefix, 1, 2]].map { OutputNote(name: $0, value: [1, 2, 3]) }
        #expect(!table(notes + [OutputNote(name: FlowNotes.name(of: .max), value: [1])]).needsSession)
        let table = FlowNotes.Table(
            isOldBroker: true, server: "broker.example:1883", boot: 1 << 60, distrustedBefore: 77,
            entries: [
                .init(stage: .received, identifier: 700, position: 1 << 47),
                .init(stage: .orphan, identifier: 2, position: 0),
            ])
        #expect(FlowNotes.Table(table.bytes) == table)
        #expect(FlowNotes.Table(Array(table.bytes.dropLast())) == nil)
    }
}
