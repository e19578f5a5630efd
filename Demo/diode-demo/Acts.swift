import TestKit

/// What happens to the link, act by act, with a line of figures each second.
struct Acts {
    let scene: Scene
    let options: Options
    let narrator: Narrator

    init(_ scene: Scene, _ options: Options, _ narrator: Narrator) {
        self.scene = scene
        self.options = options
        self.narrator = narrator
    }

    func play() async throws -> Reckoning {
        narrator.title("1. A healthy link")
        try await watch(options.seconds)

        narrator.title("2. The link loses frames: 3 % of them one by one, and more in bursts")
        let before = try await scene.pair.report()
        let lostBefore = scene.relay.counts.lost
        var faults = LinkFaults()
        faults.loss = 0.03
        faults.burstBegin = 0.003
        faults.burstEnd = 0.5
        scene.relay.faults = faults
        try await watch(options.seconds)
        scene.relay.faults = LinkFaults()
        let after = try await scene.pair.report()
        let lost = scene.relay.counts.lost - lostBefore
        let restored = (after.counters["restored_symbols"] ?? 0) - (before.counters["restored_symbols"] ?? 0)
        let opened = after.total("missing") - before.total("missing")
        narrator.say("   the link lost \(lost) frames; FEC restored \(restored) symbols; \(opened) records are missing")

        narrator.title("3. The fibre is cut for two seconds, and whole again")
        scene.relay.faults.cut = true
        try await watch(2, note: "cut")
        scene.relay.faults.cut = false
        try await watch(options.seconds)

        narrator.title("4. The plant comes to rest")
        try await scene.stopPlant()
        try await settle()
        return try await Reckoning(scene)
    }

    /// A line of figures each second.
    private func watch(_ seconds: Double, note: String = "") async throws {
        narrator.say("       time published  arrived  missing  restored  link")
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try await Task.sleep(for: min(.seconds(1), end - ContinuousClock.now))
            try await printFigures(note)
        }
    }

    private func printFigures(_ note: String) async throws {
        let report = try await scene.pair.report()
        let time = Narrator.seconds(narrator.elapsed)
        let figures =
            Narrator.figure(scene.publishedCount) + Narrator.figure(scene.collector.messageCount)
            + Narrator.figure(report.total("missing"))
            + Narrator.figure(report.counters["restored_symbols"] ?? 0, width: 10)
        narrator.say(
            String(repeating: " ", count: max(0, 11 - time.count)) + time + figures
                + "  \(note.isEmpty ? report.state : note)")
    }

    /// Waits until nothing moves any more: everything is decided and published, and what can still heal has had its time.
    private func settle() async throws {
        let end = ContinuousClock.now + .seconds(15)
        var quiet = 0
        while ContinuousClock.now < end, quiet < 10 {
            let before = scene.collector.messageCount
            try await Task.sleep(for: .milliseconds(200))
            let report = try await scene.pair.report()
            let isStill =
                scene.collector.messageCount == before && report.total("pending") == 0
                && report.total("outbox") == 0
            let mayHeal = report.total("missing") > 0 && ContinuousClock.now < end - .seconds(7)
            quiet = isStill && !mayHeal ? quiet + 1 : 0
        }
        try await printFigures("")
    }
}
