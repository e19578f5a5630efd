import Foundation
import TestKit
import Testing

extension OneWayTests {
    @Test("P5 the pair works over a link on which not one frame comes back")
    func pair() async throws {
        let link = try await LinkNamespaces(port: freePort())
        var broker = Broker.Settings()
        broker.lines = ["max_queued_messages 0"]
        broker.namespace = link.sender
        let ot = try await Broker.start(broker)
        broker.namespace = link.receiver
        let it = try await Broker.start(broker)
        var settings = DiodePair.Settings()
        settings.namespaces = link
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await PythonClient.collector(on: it)
        try await pair.start()

        let published = try await PythonClient.plant(on: ot, count: 1_000).finish()
        _ = await eventually(.seconds(60)) {
            Faithfulness.fromPlant(collector.messages).count >= published.count
        }
        #expect(Faithfulness.differences(published: published, arrived: collector.messages) == [])

        // Nobody listens for a while, and somebody does again.
        try await pair.receiver?.terminate()
        try await ot.publish("acme/meanwhile", "nobody listens")
        try pair.startReceiver()
        let again = try await eventually(.seconds(20)) {
            try await ot.publish("acme/again", "somebody listens")
            return collector.messages.contains { $0.topic == "acme/again" }
        }
        #expect(again)
        try await pair.stop()

        let frames = try await link.frames()
        #expect(frames.returned == 0)
        #expect(frames.sentBack == 0)
        #expect(frames.stoppedByDiode == 0)
        #expect(frames.framesIn == frames.framesOut)
        #expect(frames.sent == frames.framesOut)
        #expect(frames.framesOut > 100)
    }
}
