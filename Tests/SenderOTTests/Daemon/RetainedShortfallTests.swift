import DiodeProtocol
import Foundation
import TestKit
import Testing

@testable import SenderOT
@testable import SenderOTCore

/// D11: what a broker keeps from the sender, by its own count.
@Suite(.timeLimit(.minutes(3)))
struct RetainedShortfallTests {
    private func watching(own: Int = 3, count: Int) -> RetainedShortfall {
        var shortfall = RetainedShortfall()
        for topic in 0..<own { shortfall.hear(ownTopic: topic) }
        shortfall.hear(count: count)
        return shortfall
    }

    @Test("D11 count, less the broker's own topics and what was found, is what is withheld; told once for each fetch")
    func counting() {
        var shortfall = watching(count: 103)
        #expect(shortfall.tick(retained: 0) == nil && shortfall.withheld == nil, "no fetch has ended")
        for round in 0...1 {
            shortfall.fetched(topics: 93, retained: 93, before: 93 * round)
            #expect(!shortfall.wantsFetch)
            #expect(shortfall.tick(retained: 93) == nil && shortfall.tick(retained: 93) == nil)
            #expect(shortfall.tick(retained: 93) == (round == 0 ? nil : 7))
            #expect(shortfall.wantsFetch == (round == 0))
        }
        #expect(shortfall.tick(retained: 93) == nil && shortfall.withheld == 7)
        shortfall.fetched(topics: 100, retained: 100, before: 93)
        for _ in 0..<2 { #expect(shortfall.tick(retained: 100) == nil) }
        #expect(shortfall.tick(retained: 100) == 0 && shortfall.withheld == 0)
    }

    @Test("D11 topics that come or go after the fetch are no shortfall")
    func moving() {
        var shortfall = watching(count: 103)
        shortfall.fetched(topics: 100, retained: 100, before: 0)
        for step in 1...2 {
            #expect(shortfall.tick(retained: 100 + 50 * step) == nil)
            shortfall.hear(count: 103 + 50 * step)
        }
        #expect(shortfall.tick(retained: 250) == 0)
        shortfall.fetched(topics: 200, retained: 200, before: 200)
        _ = shortfall.tick(retained: 200)
        _ = shortfall.tick(retained: 150)
        #expect(shortfall.tick(retained: 100) == 0, "the count is of before they went")
    }

    @Test(
        "P9 topics that are first retained while the fetch runs are asked for once more before anything is said of them"
    )
    func firstRetainedMeanwhile() {
        var shortfall = watching(count: 103)
        // Three of a hundred came behind the fetch, over the session.
        shortfall.fetched(topics: 97, retained: 100, before: 0)
        for _ in 0..<3 { #expect(shortfall.tick(retained: 100) == nil) }
        #expect(shortfall.wantsFetch && shortfall.withheld == nil)
        shortfall.fetched(topics: 100, retained: 100, before: 100)
        for _ in 0..<2 { #expect(shortfall.tick(retained: 100) == nil) }
        #expect(shortfall.tick(retained: 100) == 0 && !shortfall.wantsFetch)
        // Again three while a fetch runs that is to confirm something: what is held more than at its beginning was not there.
        shortfall.fetched(topics: 93, retained: 100, before: 100)
        for _ in 0..<3 { _ = shortfall.tick(retained: 100) }
        shortfall.hear(count: 106)
        shortfall.fetched(topics: 100, retained: 103, before: 100)
        for _ in 0..<2 { _ = shortfall.tick(retained: 103) }
        #expect(shortfall.tick(retained: 103) == 0)
    }

    @Test(
        "P8 whatever number a broker tells, no sum of it ends the sender",
        arguments: [Int.max, Int.max - 1, 1 << 53, 0, -1, Int.min])
    func anyNumber(count: Int) {
        var shortfall = watching(count: count)
        for _ in 0...1 {
            shortfall.fetched(topics: 10, retained: 1_000, before: 1_000)
            // Nearly all of them have gone since: the difference to what was held is below zero.
            for _ in 0..<3 { _ = shortfall.tick(retained: 0) }
        }
        #expect(shortfall.withheld.map { 0...(1 << 41) ~= $0 } ?? false)
    }

    @Test("a broker that tells no count, or not any more, withholds nothing that is known")
    func silent() {
        var shortfall = RetainedShortfall()
        shortfall.fetched(topics: 10, retained: 10, before: 0)
        for _ in 0..<5 { #expect(shortfall.tick(retained: 10) == nil) }
        shortfall = watching(count: 103)
        shortfall.fetched(topics: 10, retained: 10, before: 0)
        shortfall.disconnected()
        shortfall.hear(count: 103)
        for _ in 0..<5 { #expect(shortfall.tick(retained: 10) == nil) }
    }

    @Test("P9 no alarm without cause: topics that are first retained while the sender starts are not called withheld")
    func firstRetainedAtTheStart() async throws {
        let broker = try await Broker.start(lines: ["sys_interval 1", "max_queued_messages 0"])
        async let first: Void = {
            for topic in 0..<200 { try await broker.publish("acme/\(topic % 4)/new/\(topic)", "1", retain: true) }
        }()
        let sender = try await RunningSender(broker, keys: ["export": "[{ filter: '#' }]"])
        defer { sender.sink.stop() }
        try await first
        var told: String?
        let isJudged = try await eventually(.seconds(20)) {
            told = try await sender.status()["subscription"]?["retained_withheld"]
            return told == "0"
        }
        #expect(isJudged, "\(told ?? "never judged")")
        #expect(!sender.child.errors.contains("withholds"))
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test(
        "D11 a mosquitto that hides 7 of 50 topics from the sender's user: status, log and beat say 7",
        arguments: [7, 0])
    func withheld(hidden: Int) async throws {
        var settings = Broker.Settings()
        settings.users = ["all": "a", "sender": "s"]
        let folder = try TemporaryDirectory("acl")
        try folder.write(
            "acl",
            """
            user all
            topic readwrite #
            user sender
            topic read acme/seen/#
            topic read $SYS/#

            """)
        settings.lines = ["acl_file \(folder.file("acl"))", "sys_interval 1"]
        let broker = try await Broker.start(settings)
        for topic in 0..<50 {
            let place = topic < hidden ? "hidden" : "seen"
            try await broker.publish("acme/\(place)/\(topic)", "1", retain: true)
        }
        try folder.write("password", "s\n")
        let url = "{ url: '\(broker.url)', username: 'sender', password_file: '\(folder.file("password"))' }"
        let sender = try await RunningSender(broker, keys: ["broker": url, "export": "[{ filter: '#' }]"])
        defer { sender.sink.stop() }
        let command = [Executable.path("diode-send"), "status", "--json", "--config", sender.configuration]
        var told: Int?
        let isJudged = try await eventually(.seconds(20)) {
            let answer = try await run(command)
            let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
            told = (object?["subscription"] as? [String: Any])?["retained_withheld"] as? Int
            return told != nil
        }
        #expect(isJudged && told == hidden)
        let alarm = "the OT broker withholds \(hidden) retained topics"
        if hidden > 0 {
            #expect(
                await eventually { sender.sink.snapshot.beats.last?.alarms.contains { $0.contains(alarm) } ?? false })
        }
        #expect(sender.child.errors.contains(alarm) == (hidden > 0))
        #expect(try await sender.child.terminate() == .code(0))
    }
}
