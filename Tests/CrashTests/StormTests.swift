import Foundation
import TestKit
import Testing
import Time

/// P1 under everything at once, with the shipped programs, real brokers and 5,000 messages a second.
@Suite("The storm", .serialized, .timeLimit(.minutes(240)))
struct StormTests {
    /// Events of each storm: a few dozen in `make test`; `make soak` sets CRASHES=1000, which are ten storms, each on a plant of its own: what
    /// piles up in queues of brokers that are restarted every second would be all that is tested in the end.
    static let storms: [Int] = {
        let crashes = ProcessInfo.processInfo.environment["CRASHES"].flatMap(Int.init) ?? 24
        return Array(repeating: 100, count: crashes / 100) + (crashes % 100 > 0 ? [crashes % 100] : [])
    }()
    static let perSecond = 6_000
    /// Events that can be drawn, by their names and commas between, for whoever looks for a fault: EVENTS="sender killed,link cut".
    static let events: [StormEvent] = {
        let names = ProcessInfo.processInfo.environment["EVENTS"]?.split(separator: ",").map(String.init)
        return names.map { $0.compactMap(StormEvent.init) } ?? StormEvent.allCases
    }()

    @Test(
        "P1 what was acknowledged is published or named, whatever is killed, cut, full or unplugged",
        arguments: storms.indices)
    func storm(_ index: Int) async throws {
        try await withSeed { random in
            let plant = try await StormPlant()
            try plant.startReceiver()
            try plant.startSender()
            try await plant.pair.waitUntilWell()
            let load = try Load(port: plant.ot.port, perSecond: Self.perSecond)
            try await plant.requireProgress()
            let started = ContinuousClock.now

            var storm = Storm(plant, seed: random.next(), isLoud: ProcessInfo.processInfo.environment["EVENTS"] != nil)
            try await storm.rage(events: Self.storms[index], of: Self.events)

            let seconds = started.duration(to: .now) / .seconds(1)
            load.stop()
            try await plant.requireQuiet()
            let audit = try await AuditReport.ask(plant.pair)
            try await plant.stop()
            try storm.stamps.read(journal: plant.journal)
            let verdict = Verdict(plant, audit, storm.stamps, strikes: storm.strikes)
            report(storm, load, verdict, seconds)

            #expect(verdict.unaccounted.count == 0, "\(verdict)")
            #expect(verdict.leftToBroker == 0, "\(verdict)")
            #expect(verdict.groundless.count == 0, "\(verdict)")
            #expect(storm.stamps.unreadable == 0)
            #expect(audit.broken == [])
            #expect(plant.damagedFiles == [])
            #expect(verdict.arrived > 0)
        }
    }

    private func report(_ storm: Storm, _ load: Load, _ verdict: Verdict, _ seconds: Double) {
        var kinds: [StormEvent: Int] = [:]
        let counted = storm.strikes.filter { !$0.isIdle }
        for strike in counted { kinds[strike.event, default: 0] += 1 }
        let events = StormEvent.allCases.compactMap { event in kinds[event].map { "\($0) \(event.rawValue)" } }
        let inFlight = counted.filter(\.event.isKill).map(\.inFlight)
        print(
            """
            storm: \(counted.count) events in \(Int(seconds)) s: \(events.joined(separator: ", "))
            in flight at a kill: \(inFlight.min() ?? 0)…\(inFlight.max() ?? 0), \(storm.idleKills) kills found nothing
            published \(load.count) (\(Int(Double(load.count) / seconds)) a second), of which the OT broker took \
            \(load.acknowledged) and kept \(max(0, load.acknowledged - verdict.handedOver)) to itself
            \(verdict)
            """)
    }
}
