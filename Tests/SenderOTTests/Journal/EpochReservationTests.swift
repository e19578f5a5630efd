import DiodeProtocol
import Storage
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTJournal
@testable import SenderOTCore

@Suite struct EpochReservationTests {
    private let now = UnixMilliseconds(rawValue: EpochReservation.earliestClock.rawValue + 1_000)

    @Test("D9 an epoch is the clock, or one above the last if the clock went back")
    func rule() throws {
        #expect(try EpochReservation.next(after: Epoch(rawValue: 0), clock: now).rawValue == now.rawValue)
        #expect(try EpochReservation.next(after: Epoch(rawValue: 5), clock: now).rawValue == now.rawValue)
        let later = Epoch(rawValue: now.rawValue + 77)
        #expect(try EpochReservation.next(after: later, clock: now).rawValue == later.rawValue + 1)
        #expect(
            try EpochReservation.next(after: Epoch(rawValue: now.rawValue), clock: now).rawValue == now.rawValue + 1)
    }

    @Test("a clock before the build date is refused, unless an epoch is demanded that lies above the last")
    func clock() throws {
        let early = UnixMilliseconds(rawValue: EpochReservation.earliestClock.rawValue - 1)
        #expect(throws: EpochError.clockTooEarly(early)) {
            try EpochReservation.next(after: Epoch(rawValue: 0), clock: early)
        }
        #expect(try EpochReservation.next(after: Epoch(rawValue: 8), clock: early, demanded: 9).rawValue == 9)
        for demanded in [0, 7, 8, 1 << 63, UInt64.max] as [UInt64] {
            #expect(throws: EpochError.notAbove(Epoch(rawValue: 8), below: 1 << 53, asked: demanded)) {
                try EpochReservation.next(after: Epoch(rawValue: 8), clock: now, demanded: demanded)
            }
        }
        #expect(SenderServiceError.epoch(.clockTooEarly(early)).isUsage)
        #expect("\(EpochError.clockTooEarly(early))".contains("--epoch"))
    }

    @Test(
        "W-22 a card that was issued while the clock was fast is no dead link: the epoch lies above its lowest, and none below is taken"
    )
    func card() throws {
        let lowest = Epoch(rawValue: now.rawValue + 3_600_000)
        let next = try EpochReservation.next(after: Epoch(rawValue: 0), clock: now, lowest: lowest)
        #expect(next.rawValue == lowest.rawValue + 1)
        #expect(try EpochReservation.next(after: next, clock: now, lowest: lowest).rawValue == next.rawValue + 1)
        let asked = lowest.rawValue - 1
        #expect(throws: EpochError.belowCard(lowest: lowest, asked: asked)) {
            try EpochReservation.next(after: Epoch(rawValue: 0), clock: now, lowest: lowest, demanded: asked)
        }
        #expect(SenderServiceError.epoch(.belowCard(lowest: lowest, asked: asked)).isUsage)
    }

    @Test(
        "an epoch that receivers would refuse as one that no clock gives is not taken, and the sentence says which are")
    func largest() throws {
        let none = Epoch(rawValue: 0)
        #expect(try EpochReservation.next(after: none, clock: now, demanded: 1 << 53 - 1).rawValue == 1 << 53 - 1)
        // The card's lowest, and the first epoch that its receivers refuse.
        let cards: [(lowest: UInt64?, end: UInt64)] = [
            (nil, 1 << 53), (1, 1 << 53), (1 << 52, 1 << 53), (1 << 60, 1 << 61), (1 << 62, 1 << 63),
            (1 << 63 - 1, 1 << 63),
        ]
        for (lowest, end) in cards {
            let lowest = lowest.map { Epoch(rawValue: $0) }
            #expect(
                try EpochReservation.next(after: none, clock: now, lowest: lowest, demanded: end - 1).rawValue == end
                    - 1)
            let error = EpochError.notAbove(none, below: end, asked: end)
            #expect(throws: error) {
                try EpochReservation.next(after: none, clock: now, lowest: lowest, demanded: end)
            }
            #expect("\(error)".contains("allowed: 1…\(end - 1)") && SenderServiceError.epoch(error).isUsage)
        }
    }

    @Test("behind the last epoch that receivers take there is none, and the sentence says what to do")
    func exhausted() throws {
        for demanded in [nil, 5] as [UInt64?] {
            for (last, lowest) in [(1 << 53 - 1, nil), (1 << 60, nil), (1 << 61 - 1, 1 << 60), (1 << 63 - 1, 1 << 62)]
                as [(UInt64, UInt64?)]
            {
                let last = Epoch(rawValue: last)
                #expect(throws: EpochError.exhausted(last: last)) {
                    try EpochReservation.next(
                        after: last, clock: now, lowest: lowest.map { Epoch(rawValue: $0) }, demanded: demanded)
                }
            }
        }
        let before = Epoch(rawValue: 1 << 53 - 2)
        #expect(try EpochReservation.next(after: before, clock: now).rawValue == 1 << 53 - 1)
        #expect("\(EpochError.exhausted(last: before))".contains("make a new key"))
        let far = Epoch(rawValue: 1 << 63 - 1)
        #expect(try EpochReservation.next(after: Epoch(rawValue: 0), clock: now, lowest: far) == far)
    }

    @Test("each start reserves an epoch above all before, whatever the clock does, over restarts of the database")
    func restarts() async throws {
        try await withSeed { random in
            let folder = try TemporaryDirectory()
            var last: UInt64 = 0
            var incarnations: Set<UInt64> = []
            for _ in 0..<30 {
                var database = try Database(path: folder.file("send.db"), schema: SenderDatabase.schema)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let clock = UnixMilliseconds(rawValue: now.rawValue + .random(in: 0...50, using: &random))
                    let reserved = try EpochReservation.reserve(in: &database, clock: clock)
                    let (epoch, incarnation) = (reserved.epoch, reserved.incarnation)
                    #expect(epoch.rawValue == max(last + 1, clock.rawValue))
                    last = epoch.rawValue
                    #expect(incarnations.insert(incarnation.rawValue).inserted)
                }
            }
        }
    }

    @Test("a deleted database begins again with the clock")
    func deleted() throws {
        let folder = try TemporaryDirectory()
        for name in ["a.db", "b.db"] {
            var database = try Database(path: folder.file(name), schema: SenderDatabase.schema)
            #expect(try EpochReservation.reserve(in: &database, clock: now).epoch.rawValue == now.rawValue)
        }
    }

    @Test("D6, P8 starts without end leave a bounded table: epochs that neither journal nor beat reaches become totals")
    func folding() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        let clock = EpochReservation.earliestClock.rawValue
        func start(_ number: UInt64) throws -> JournalRestoration {
            let start = try SenderStart.prepare(
                path: path, limits: NamespaceSlots.Limits(), now: UnixMilliseconds(rawValue: clock + number),
                demanded: nil)
            return start.journal
        }
        func rows() throws -> Int64 {
            let database = try Database(path: path, schema: SenderDatabase.schema, access: .readOnly)
            var count = try database.prepare("SELECT count(*) FROM epochs")
            return try count.step() ? count.integer(0) : 0
        }
        // The journal holds a block of the fifth epoch; each epoch has given out three records.
        for number in 1...80 {
            let epoch = try start(UInt64(number)).epoch
            let database = try Database(path: path, schema: SenderDatabase.schema)
            try database.execute(
                "UPDATE epochs SET last_sequence = 3, last_block = 1 WHERE epoch = \(epoch.epoch.rawValue)")
            guard number == 5 else { continue }
            let rig = try CoreRig(epoch: epoch.epoch)
            rig.publish("acme/a", [1])
            try rig.endGulp(idle: true)
            var store = try JournalStore(database, epoch: epoch, limits: JournalStore.Limits())
            try store.commit(rig.blocks, nil)
        }
        let held = try start(81)
        #expect(held.earlierEpochs.count == 63)
        #expect(held.olderEpochs == Beat.Pair(17, 51))
        #expect(try rows() == 81 - 4, "what the journal reaches keeps its row")
        try Database(path: path, schema: SenderDatabase.schema).execute("DELETE FROM blocks")
        let freed = try start(82)
        #expect(freed.earlierEpochs.count == 63)
        #expect(freed.olderEpochs == Beat.Pair(18, 54), "the totals go on")
        #expect(try rows() == 64)
        let next = try start(83)
        #expect(next.olderEpochs == Beat.Pair(19, 57))
        #expect(next.epoch.firstPosition == freed.epoch.firstPosition, "nothing was sent since")
        #expect(try rows() == 64)
    }
}
