import Foundation
import TestKit
import Testing

/// P3, P6, P9 under load: what was cut or stopped heals by itself, and nothing looks well meanwhile.
@Suite("Outages under load", .serialized, .timeLimit(.minutes(3)))
struct OutageTests {
    @Test(
        "P6, P9 a fibre that is cut is never exit 0; whole again, everything comes by echo, marked late, and no topic goes back"
    )
    func cut() async throws {
        let plant = try await LoadedPlant()
        let relay = try #require(plant.pair.relay)
        relay.faults.cut = true
        let cutAt = plant.load.count
        var audit = try await AuditAnswer(plant.pair)
        #expect(
            try await eventually {
                audit = try await AuditAnswer(plant.pair)
                return audit.isStale
            })
        // Stale for as long as the cut lasts, whoever looks and however often.
        let end = plant.load.count + LoadedPlant.perSecond
        while plant.load.count < end {
            audit = try await AuditAnswer(plant.pair)
            #expect(audit.exit == .code(3) && audit.isStale, "\(audit)")
        }
        #expect(try await plant.pair.status(.receiver).exit == .code(4))
        relay.faults.cut = false
        let swallowed = plant.load.count - cutAt
        try await plant.requireProgress()
        audit = try await plant.settled()
        try await plant.expectWhole(audit)
        #expect(audit.gaps("cause") == ["link"])
        #expect(audit.gaps("healed_by").contains("echo"))
        let late = plant.arrivals.all.filter(\.isMarked)
        #expect(late.count >= swallowed * 9 / 10 && late.count == audit.total("late"), "\(audit)")
        #expect(plant.arrivals.repeated == [], "nothing crashed, so nothing comes twice")
        #expect(audit.total("sent") == plant.load.count && audit.total("published") == plant.load.count)
        try await plant.pair.stop()
    }

    @Test(
        "P6 a receiver that was asked to stop, and started again: everything comes once, late, and the gap says receiver-down"
    )
    func stopped() async throws {
        let plant = try await LoadedPlant()
        #expect(try await plant.pair.receiver?.terminate() == .code(0))
        let stoppedAt = plant.load.count
        await plant.publish(2 * LoadedPlant.perSecond)
        let swallowed = plant.load.count - stoppedAt
        try plant.pair.startReceiver()
        try await plant.requireProgress()
        let audit = try await plant.settled()
        try await plant.expectWhole(audit)
        #expect(audit.gaps("cause") == ["receiver-down"], "\(audit)")
        let late = plant.arrivals.all.filter(\.isMarked)
        #expect(late.count >= swallowed * 9 / 10 && late.count == audit.total("late"), "\(audit)")
        #expect(plant.arrivals.repeated == [], "nothing crashed, so nothing comes twice")
        #expect(audit.total("sent") == plant.load.count && audit.total("published") == plant.load.count)
        try await plant.pair.stop()
    }
}
