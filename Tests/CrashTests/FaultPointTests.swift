import Foundation
import Glibc
import TestKit
import Testing
import Time

/// Kills at chosen calls of the disk, where luck would seldom hit: in the first start, in a commit, before and in its sync, in a
/// checkpoint. Each point is a process that dies there under load; in the end every number is accounted for.
@Suite("Fault points", .serialized, .timeLimit(.minutes(10)))
struct FaultPointTests {
    enum Side: String, Sendable, CaseIterable { case sender, receiver }

    struct Case: Sendable, CustomTestStringConvertible {
        let side: Side
        let losesPower: Bool
        var testDescription: String { "the \(side.rawValue) \(losesPower ? "loses its power" : "is killed")" }
    }

    static let cases = Side.allCases.flatMap { side in [false, true].map { Case(side: side, losesPower: $0) } }

    /// Calls that every start and every commit make, and those of a checkpoint, which a loaded program comes to within seconds.
    static func points(_ file: String) -> [FaultyDisk.Point] {
        let log = file + "-wal"
        return [1, 2, 3, 5, 20].map { FaultyDisk.Point(.write, log, $0) }
            + [1, 2, 6].map { FaultyDisk.Point(.sync, log, $0) } + [1, 2].map { FaultyDisk.Point(.write, file, $0) }
            + [FaultyDisk.Point(.sync, file, 1)]
    }

    @Test("P1 a program that dies at any call of its disk loses nothing that it acknowledged", arguments: cases)
    func underLoad(_ each: Case) async throws {
        try await withSeed { random in
            let plant = try await StormPlant()
            try plant.startReceiver()
            try plant.startSender()
            try await plant.pair.waitUntilWell()
            let load = try Load(port: plant.ot.port, perSecond: 3_000)
            try await plant.requireProgress()
            var strikes: [StormStrike] = []
            var unreached: [FaultyDisk.Point] = []
            for point in Self.points(each.side == .sender ? "send.db" : "recv.db") {
                let from = MQTTTap.milliseconds
                try await stop(each.side, plant)
                try start(each.side, plant, kill: point)
                if try await !dies(each.side, plant) { unreached.append(point) }
                try await stop(each.side, plant)
                let disk = each.side == .sender ? plant.senderDisk : plant.receiverDisk
                if each.losesPower { try disk.losePower(keeping: 0.3, &random) }
                try start(each.side, plant)
                try await plant.requireProgress()
                strikes.append(
                    StormStrike(event: event(each), from: from, to: MQTTTap.milliseconds, inFlight: 0))
            }
            load.stop()
            try await plant.requireQuiet()
            let audit = try await AuditReport.ask(plant.pair)
            try await plant.stop()
            var stamps = StampIndex()
            try stamps.read(journal: plant.journal)
            let verdict = Verdict(plant, audit, stamps, strikes: strikes)
            print(
                "\(each.testDescription) at \(strikes.count - unreached.count) points, not reached: \(unreached)\n\(verdict)"
            )
            #expect(unreached.count <= 3, "\(unreached)")
            #expect(verdict.unaccounted.count == 0, "\(verdict)")
            #expect(verdict.leftToBroker == 0, "\(verdict)")
            #expect(verdict.groundless.count == 0, "\(verdict)")
            #expect(audit.broken == [])
            #expect(plant.damagedFiles == [])
        }
    }

    @Test(
        "A first start that is killed, or loses its power, at any call is followed by one that works", arguments: cases)
    func firstStart(_ each: Case) async throws {
        try await withSeed { random in
            let plant = try await StormPlant()
            let file = each.side == .sender ? "send.db" : "recv.db"
            // Traced once, so that the points are those that there are.
            let disk = each.side == .sender ? plant.senderDisk : plant.receiverDisk
            try start(each.side, plant, traced: true)
            try await started(each.side, plant)
            try await stop(each.side, plant)
            let calls = disk.trace.filter { $0.file.hasPrefix(file) && !$0.file.hasSuffix("-shm") }
            try #require(calls.count >= 3)
            let points = calls.flatMap { last in
                Set([1, 2, (last.number + 1) / 2, last.number]).filter { $0 <= last.number }.sorted().map {
                    FaultyDisk.Point(last.call, last.file, $0)
                }
            }
            for point in points {
                for name in try FileManager.default.contentsOfDirectory(atPath: plant.pair.folder.path)
                where name.hasPrefix(file) {
                    try FileManager.default.removeItem(atPath: plant.pair.folder.file(name))
                }
                try disk.forgetAll()
                try start(each.side, plant, kill: point)
                _ = await eventually(.seconds(2)) { child(each.side, plant)?.isRunning == false }
                try await stop(each.side, plant)
                if each.losesPower { try disk.losePower(keeping: 0.5, &random) }
                try start(each.side, plant)
                try await started(each.side, plant)
                try await stop(each.side, plant)
                #expect(plant.damagedFiles == [], "\(point)")
            }
        }
    }

    private func event(_ each: Case) -> StormEvent {
        switch (each.side, each.losesPower) {
        case (.sender, false): .killSender
        case (.sender, true): .sendersPowerLoss
        case (.receiver, false): .killReceiver
        case (.receiver, true): .receiversPowerLoss
        }
    }

    private func child(_ side: Side, _ plant: StormPlant) -> Child? {
        side == .sender ? plant.pair.sender : plant.pair.receiver
    }

    private func start(
        _ side: Side, _ plant: StormPlant, kill: FaultyDisk.Point? = nil, traced: Bool = false
    ) throws {
        if side == .sender {
            try plant.pair.startSender(environment: plant.senderDisk.environment(kill: kill, traced: traced))
        } else {
            try plant.pair.startReceiver(environment: plant.receiverDisk.environment(kill: kill, traced: traced))
        }
    }

    private func stop(_ side: Side, _ plant: StormPlant) async throws {
        if let child = child(side, plant), child.isRunning { try await child.kill9() }
    }

    /// - Returns: whether it died of its fault point, in time.
    private func dies(_ side: Side, _ plant: StormPlant) async throws -> Bool {
        guard let child = child(side, plant) else { return false }
        guard await eventually(.seconds(5), { !child.isRunning }) else { return false }
        #expect(child.poll() == .signal(SIGKILL), "it ended by itself: \(child.errors.suffix(1_000))")
        return true
    }

    private func started(_ side: Side, _ plant: StormPlant) async throws {
        try await plant.require("the \(side.rawValue) has started", within: .seconds(10)) {
            child(side, plant)?.errors.contains(" started: ") == true
        }
    }
}
