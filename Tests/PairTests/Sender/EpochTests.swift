import Foundation
import TestKit
import Testing

/// D9: every epoch of a sender is accounted for, also those of which the receiver saw nothing while they lived.
@Suite("Epochs that nobody heard", .serialized, .timeLimit(.minutes(2)))
struct EpochTests {
    static let topics = ["acme/a", "acme/b", "acme/c"]

    @Test(
        "D9, P1 a sender that restarted five times while the receiver was down leaves no epoch unaccounted",
        arguments: ["[\"500ms\", \"2s\", \"5s\"]", "[]"])
    func fiveRestarts(echo: String) async throws {
        let ot = try await Broker.start(lines: ["max_queued_messages 0"])
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        var settings = DiodePair.Settings()
        settings.sender = ["echo": echo]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await it.subscribe("#")
        try await pair.start()
        var published: [Int: [String]] = [:]
        try await publish("first", 10, at: ot, pair, &published)
        #expect(await collector.messages(atLeast: 10).count >= 10)
        #expect(try await pair.receiver?.terminate() == .code(0))
        for round in 1...5 {
            if round % 2 == 0 {
                try await pair.sender?.kill9()
            } else {
                #expect(try await pair.sender?.terminate() == .code(0))
            }
            try pair.startSender()
            // The third lifetime has nothing to say.
            try await publish("epoch \(round)", round == 3 ? 0 : 10 * round, at: ot, pair, &published)
        }
        #expect(published.count == 6)
        try pair.startReceiver()

        let all = published.values.reduce(0) { $0 + $1.count }
        var audit = try await AuditAnswer(pair)
        let isAccounted = try await eventually {
            audit = try await AuditAnswer(pair)
            return audit.total("sent") == all && !audit.isStale
        }
        #expect(isAccounted, "\(audit)")
        #expect(audit.list("epochs").compactMap { $0["epoch"] as? Int } == published.keys.sorted(), "\(audit)")
        #expect(
            audit.list("epochs").compactMap { $0["sent"] as? Int }
                == published.sorted { $0.key < $1.key }.map(\.value.count), "\(audit)")
        if echo == "[]" {
            #expect(audit.exit == .code(3) && audit.total("lost") == 0, "\(audit)")
            #expect(Set(audit.gaps("cause")) == ["receiver-down"], "\(audit)")
            let answer = try await pair.resend(pair.writeBundle())
            #expect(answer.exit == .code(0), "\(answer)")
        }
        let settles = try await eventually(.seconds(30)) {
            audit = try await AuditAnswer(pair)
            return audit.exit == .code(0) && audit.total("outbox") == 0 && audit.replica("digest_matches") == true
        }
        #expect(settles, "\(audit)")
        #expect(audit.isBalanced && audit.total("lost") == 0 && audit.total("sent") == all, "\(audit)")
        let arrived = collector.messages.filter { $0.topic.contains("acme/") }
        #expect(
            arrived.map { String(decoding: $0.payload, as: UTF8.self) }.sorted() == published.values.joined().sorted())
        try await pair.stop()
    }

    /// Publishes so many records and waits until they have left; notes them under the sender's epoch.
    private func publish(
        _ words: String, _ count: Int, at ot: Broker, _ pair: DiodePair, _ published: inout [Int: [String]]
    ) async throws {
        try await pair.waitUntilSenderIsWell()
        let lines = (0..<count).map { "\(words), record \($0)" }
        for (index, topic) in Self.topics.enumerated() {
            let own = lines.enumerated().filter { $0.offset % Self.topics.count == index }.map(\.element)
            if !own.isEmpty { try await ot.publish(lines: own, to: topic) }
        }
        #expect(try await pair.hasSent(count))
        published[try #require(try await SenderState(pair)).epoch, default: []] += lines
    }
}
