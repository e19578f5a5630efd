import DiodeProtocol
import Storage
import TestKit
import Testing
import Threading

@testable import SenderOT
import Time
@testable import SenderOTJournal
@testable import SenderOTCore

@Suite(.timeLimit(.minutes(1)))
struct EchoScheduleTests {
    private func instant(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: UInt64(seconds * 1_000_000_000))
    }

    @Test("D5 every block is repeated once at each offset, in order, never early, and soon")
    func model() async {
        await withSeed { random in
            let offsets: [Duration] = [.seconds(1), .seconds(30), .seconds(600)]
            var schedule = EchoSchedule(offsets: offsets, cursors: [1, 1, 1])
            var sentAt: [UInt64: Double] = [:]
            var played = [[(position: UInt64, at: Double)]](repeating: [], count: offsets.count)
            var now = 1_000.0
            var newest: UInt64 = 0
            while now < 2_500 {
                if now < 1_800, Bool.random(using: &random) {
                    for _ in 0..<Int.random(in: 1...40, using: &random) {
                        newest += 1
                        sentAt[newest] = now
                    }
                }
                if newest > 0 { schedule.noteSent(newest, at: instant(now)) }
                while let due = schedule.next(instant(now)) {
                    // The player may take less than it is offered.
                    let through = UInt64.random(in: due.positions, using: &random)
                    for position in due.positions.lowerBound...through { played[due.echo].append((position, now)) }
                    schedule.played(due.echo, through: through, blocks: Int(through - due.positions.lowerBound) + 1)
                }
                now += Double.random(in: 0.01...0.4, using: &random)
            }
            for (echo, offset) in [1.0, 30, 600].enumerated() {
                #expect(played[echo].map(\.position) == Array(1...newest))
                for (position, at) in played[echo] {
                    let age = at - (sentAt[position] ?? 0)
                    #expect(age >= offset - 0.000_001)
                    #expect(age < offset + 1.5, "marks are close, and the schedule is asked often")
                }
            }
        }
    }

    @Test("P8 what the journal holds no more is shed and counted; marks stay few however long it runs")
    func shed() {
        var schedule = EchoSchedule(offsets: [.seconds(1), .seconds(86_400)], cursors: [1, 1])
        for step in 1...100_000 { schedule.noteSent(UInt64(step), at: instant(Double(step))) }
        let first = schedule.next(instant(100_001))
        let lags = schedule.lags(instant(100_001))
        #expect(lags[0] > .seconds(99_000) && lags[0] < .seconds(100_000), "nothing was played since the first second")
        #expect(lags[1] > .seconds(13_000) && lags[1] < .seconds(13_601))
        #expect(first?.echo == 0)
        #expect(first?.positions.lowerBound == 1)
        #expect((99_900...100_000).contains(first?.positions.upperBound ?? 0))
        // 500 were gone; of the rest nothing is, and what was played once is not counted again.
        schedule.played(0, through: 600, blocks: 100)
        schedule.played(0, through: 550, blocks: 0)
        #expect(schedule.shed == 500)
        schedule.played(0, through: 100_000, blocks: 99_400)
        #expect(schedule.lags(instant(100_001))[0] == .zero)
        #expect(schedule.shed == 500)
        #expect(schedule.nextMark(of: 100_001) != nil)
        #expect(schedule.nextMark(of: 1) == nil)
        let due = schedule.next(instant(100_001))
        #expect(due?.echo == 1)
        // A day ago: 13,601 s after the start, give or take what the spacing of so many marks costs.
        #expect((13_500...13_601).contains(Int(due?.positions.upperBound ?? 0)))
    }

    @Test("D5 a repetition begins where the one before it ended, so that small blocks never repeat a symbol early")
    func symbols() throws {
        let rig = try CoreRig()
        rig.publish("acme/a", [1, 2, 3])
        try rig.endGulp(idle: true)
        let block = rig.blocks[0]
        var seen: Set<UInt8> = []
        for number in 0...16 {
            let transmission = Transmission(
                repeating: block, as: TransmissionNumber(rawValue: UInt16(number)), kind: .echo)
            for leaf in 0..<block.shape.symbolCount {
                let symbol = UInt8((Int(transmission.firstSymbol.rawValue) + leaf) % 255)
                #expect(seen.insert(symbol).inserted)
            }
        }
    }

    @Test("D5 the schedule goes on over a restart: what became due meanwhile is due, what was played is not")
    func restart() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        let start = try SenderStart.prepare(
            path: path, limits: NamespaceSlots.Limits(),
            now: UnixMilliseconds(rawValue: EpochReservation.earliestClock.rawValue + 1), demanded: nil)
        var store = try JournalStore(
            try Database(path: path, schema: SenderDatabase.schema), epoch: start.journal.epoch,
            limits: JournalStore.Limits())
        let rig = try CoreRig(epoch: start.journal.epoch.epoch)
        for _ in 1...50 {
            rig.publish("acme/a", [1])
            try rig.endGulp(idle: true)
            rig.now = rig.now.advanced(by: .seconds(1))
        }
        try store.commit(rig.blocks, nil)
        let database = try Database(path: path, schema: SenderDatabase.schema, access: .readOnly)
        // Block n was closed n − 1 seconds after the first; now is 60 s after it.
        let time = UnixMilliseconds(rawValue: rig.blocks[0].closedAt.rawValue + 60_000)
        var schedule = try EchoRestoration.schedule(
            offsets: [.seconds(1), .seconds(30), .seconds(50)], noted: "1000:51 30000:11", next: 51, database: database,
            now: instant(5_000), time: time)
        #expect(schedule.cursors == [51, 11, 12], "an offset without a note begins with what is not due yet")
        #expect(schedule.next(instant(5_000)) == .init(echo: 1, positions: 11...31))
        schedule.played(1, through: 31, blocks: 21)
        let later = schedule.next(instant(5_005))
        #expect(later?.echo == 2)
        #expect(later?.positions.lowerBound == 12)
    }
}
