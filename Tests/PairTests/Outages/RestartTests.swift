import Foundation
import TestKit
import Testing

/// P6, D9: either side, or both, may stop or die at any time and come back in any order.
@Suite("Restarts under load", .serialized, .timeLimit(.minutes(4)))
struct RestartTests {
    enum Side: Sendable { case sender, receiver }

    /// What stops, in this order, and what starts again, in this one.
    struct Restart: Sendable {
        let stops: [Side]
        let starts: [Side]
        var killed = false
    }

    static let restarts = [
        Restart(stops: [.receiver], starts: [.receiver]),
        Restart(stops: [.receiver], starts: [.receiver], killed: true),
        Restart(stops: [.sender], starts: [.sender]),
        Restart(stops: [.sender], starts: [.sender], killed: true),
        Restart(stops: [.receiver, .sender], starts: [.sender, .receiver], killed: true),
        Restart(stops: [.receiver, .sender], starts: [.receiver, .sender]),
        Restart(stops: [.sender, .receiver], starts: [.sender, .receiver]),
        Restart(stops: [.sender, .receiver], starts: [.receiver, .sender], killed: true),
    ]

    @Test(
        "P6 receiver, sender or both, asked to stop or killed, in every order: all of it arrives, each outage is a healed gap"
    )
    func everyOrder() async throws {
        let plant = try await LoadedPlant(echo: "[\"300ms\", \"1s\", \"3s\"]")
        for restart in Self.restarts {
            let gaps = try await AuditAnswer(plant.pair).list("gaps").count
            for side in restart.stops {
                try await stop(side, of: plant.pair, killed: restart.killed)
                // Between two stops and behind the last, so that there is something to miss.
                await plant.publish(LoadedPlant.perSecond / 4)
            }
            for side in restart.starts {
                try start(side, of: plant.pair)
                await plant.publish(LoadedPlant.perSecond / 4)
            }
            try await plant.requireProgress()
            var audit = try await AuditAnswer(plant.pair)
            let isHealed = try await eventually(.seconds(20)) {
                audit = try await AuditAnswer(plant.pair)
                return audit.exit == .code(0)
            }
            #expect(isHealed, "\(restart): \(audit)")
            // Whenever the sender spoke while the receiver was away, there is a gap that says so.
            let wasDeaf = restart.stops.first == .receiver || restart.starts.last == .receiver
            #expect(audit.list("gaps").count > gaps || !wasDeaf, "\(restart): \(audit)")
        }
        let audit = try await plant.settled()
        try await plant.expectWhole(audit)
        #expect(audit.gaps("cause") == ["receiver-down"], "\(audit)")
        #expect(audit.list("epochs").count == 7, "\(audit)")
        try await plant.pair.stop()
    }

    private func stop(_ side: Side, of pair: DiodePair, killed: Bool) async throws {
        let child = side == .sender ? pair.sender : pair.receiver
        if killed {
            try await child?.kill9()
        } else {
            #expect(try await child?.terminate() == .code(0))
        }
    }

    private func start(_ side: Side, of pair: DiodePair) throws {
        if side == .sender { try pair.startSender() } else { try pair.startReceiver() }
    }
}
