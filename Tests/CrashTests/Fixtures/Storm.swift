import TestKit
import Time

/// Lets so many random events happen to a plant under load.
///
/// ```text
/// draw ─▶ wait for records in flight ─▶ strike ─▶ pause ─▶ mend ─▶ wait until records pass (mostly) ─▶ draw …
/// ```
struct Storm {
    let plant: StormPlant
    private var random: SeededGenerator
    private let isLoud: Bool
    /// All that happened, also what does not count.
    private(set) var strikes: [StormStrike] = []
    /// Complete once the journal is read when all is over.
    var stamps = StampIndex()
    /// Kills that found nothing in flight do not count, and another one follows.
    var idleKills: Int { strikes.count { $0.isIdle } }

    /// - Parameter isLoud: prints each event.
    init(_ plant: StormPlant, seed: UInt64, isLoud: Bool = false) {
        self.plant = plant
        self.isLoud = isLoud
        random = SeededGenerator(seed: seed)
    }

    /// Runs until so many events have happened.
    mutating func rage(events count: Int, of events: [StormEvent] = StormEvent.allCases) async throws {
        while strikes.count - idleKills < count {
            let event = StormEvent.draw(of: events, &random)
            let from = MQTTTap.milliseconds
            let inFlight = try await strikeAndMend(event)
            if isLoud { print("\(from) ms: \(event.rawValue), \(inFlight) in flight") }
            let strike = StormStrike(event: event, from: from, to: MQTTTap.milliseconds, inFlight: inFlight)
            strikes.append(strike)
            guard !strike.isIdle else {
                guard idleKills <= count + 20 else {
                    throw StormPlant.Stuck(description: "\(idleKills) kills found nothing in flight")
                }
                continue
            }
            // Now and then the next event finds a pair that has not recovered.
            if Int.random(in: 0..<10, using: &random) < 7 { try await plant.requireProgress() }
        }
    }

    /// - Returns: what a kill found in flight.
    private mutating func strikeAndMend(_ event: StormEvent) async throws -> Int {
        switch event {
        case .killSender, .sendersPowerLoss:
            let inFlight = try await kill({ plant.pair.sender }, plant.otTap)
            if event == .sendersPowerLoss {
                try losePower(plant.senderDisk)
                stamps.startOver()
            }
            await pause(0...300)
            try plant.startSender()
            return inFlight
        case .killReceiver, .receiversPowerLoss:
            let inFlight = try await kill({ plant.pair.receiver }, plant.itTap)
            if event == .receiversPowerLoss { try losePower(plant.receiverDisk) }
            await pause(0...300)
            try plant.startReceiver()
            return inFlight
        case .killITBroker:
            let before = plant.itTap.read { $0.endings.count }
            try await waitForFlight(plant.itTap)
            try await plant.it.kill9()
            let inFlight = try await endings(plant.itTap, since: before)
            await pause(0...500)
            try await plant.it.restart()
            return inFlight
        case .restartOTBroker:
            try await plant.ot.stop()
            await pause(0...300)
            try await plant.ot.restart()
        case .cutLink:
            plant.pair.relay?.faults.cut = true
            await pause(50...800)
            plant.pair.relay?.faults.cut = false
        case .fillSenderDisk:
            try stamps.read(journal: plant.journal)
            try await fail(plant.senderDisk, .full)
        case .fillReceiverDisk: try await fail(plant.receiverDisk, .full)
        case .breakSenderDisk: try await fail(plant.senderDisk, Bool.random(using: &random) ? .readOnly : .broken)
        case .breakReceiverDisk: try await fail(plant.receiverDisk, Bool.random(using: &random) ? .readOnly : .broken)
        case .refuseAtITBroker:
            plant.itTap.isRefusing = true
            await pause(100...1_000)
            plant.itTap.isRefusing = false
        case .stallITBroker:
            plant.it.pause()
            await pause(100...1_500)
            plant.it.resume()
        }
        return 0
    }

    private func kill(_ program: () -> Child?, _ tap: MQTTTap) async throws -> Int {
        let before = tap.read { $0.endings.count }
        try await waitForFlight(tap)
        guard let child = program(), child.isRunning else { return 0 }
        try await child.kill9()
        if isLoud { print(child.errors.suffix(4_000)) }
        return try await endings(tap, since: before)
    }

    /// Returns at the moment in which something is in flight.
    private func waitForFlight(_ tap: MQTTTap) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while tap.inFlight == 0 {
            guard ContinuousClock.now < end else {
                return try await plant.require("a record is in flight", within: .zero) { false }
            }
            try plant.restartWhatGaveUp()
            await Task.yield()
        }
    }

    /// What was unacknowledged on the connections that ended since there were `count`.
    private func endings(_ tap: MQTTTap, since count: Int) async throws -> Int {
        try await plant.require("the tap has seen the connection end", within: .seconds(5)) {
            tap.read { $0.endings.count } > count
        }
        return tap.read { $0.endings.dropFirst(count).reduce(0) { $0 + $1.unacknowledged } }
    }

    private mutating func losePower(_ disk: FaultyDisk) throws {
        let share: Double = [0.0, 0.0, 0.3, 0.7].randomElement(using: &random) ?? 0
        try disk.losePower(keeping: share, &random)
    }

    private mutating func fail(_ disk: FaultyDisk, _ failure: FaultyDisk.Failure) async throws {
        try disk.fail(failure)
        await pause(100...1_500)
        try disk.fail(nil)
    }

    /// How long the damage lasts is part of the event.
    private mutating func pause(_ milliseconds: ClosedRange<Int>) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: milliseconds, using: &random)))
    }
}
