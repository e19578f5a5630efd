import DiodeProtocol
import MQTT
import SenderOTCore
import TestKit
import Testing

@testable import SenderOT
import MQTTProtocol

/// Retained values that end by their message expiry interval (ADR 0018).
struct ExpiryTests {
    private static func properties(expiry: UInt32, user: String = "x") -> [UInt8] {
        var list: [UInt8] = [PropertyID.messageExpiryInterval.rawValue]
        for shift in [24, 16, 8, 0] as [UInt32] { list.append(UInt8(truncatingIfNeeded: expiry >> shift)) }
        var writer = PropertyWriter()
        writer.appendUser("k", user)
        return list + writer.bytes
    }

    @Test(
        "D6 a retained value is deleted by number within a round of its end, an event never, and a newer value counts anew"
    )
    func ending() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        rig.publish("acme/ends", [1], properties: Self.properties(expiry: 5), retain: true)
        rig.publish("acme/event", [1], properties: Self.properties(expiry: 5))
        rig.publish("acme/stays", [1], retain: true)
        rig.publish("acme/again", [1], properties: Self.properties(expiry: 5), retain: true)
        try rig.run(.seconds(4))
        rig.publish("acme/again", [2], properties: Self.properties(expiry: 5), retain: true)
        try rig.run(.milliseconds(900))
        #expect(rig.stream.records.count == 5)
        try rig.run(.milliseconds(1_300))
        #expect(rig.stream.records.count == 6)
        let deletion = try #require(rig.stream.records.last)
        #expect(deletion.topic == "acme/ends" && deletion.payload.isEmpty && deletion.flags.retain)
        #expect(
            deletion.flags.isReconciled && deletion.properties == [2, 0, 0, 0, 0],
            "it says that it is no word of the plant")
        try rig.run(.seconds(20))
        #expect(rig.stream.records.dropFirst(6).map(\.topic) == ["acme/again"], "each ends once")
    }

    @Test("D6 while the journal has no room a value outlives its end")
    func noRoom() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        rig.publish("acme/ends", [1], properties: Self.properties(expiry: 1), retain: true)
        rig.core.note(SenderCore.JournalState.full)
        try rig.run(.seconds(4))
        #expect(rig.stream.records.count == 1 && rig.stream.sheds.isEmpty)
        rig.core.note(SenderCore.JournalState.writing)
        try rig.run(.seconds(2))
        #expect(rig.stream.records.map(\.payload.count) == [1, 0])
    }

    @Test("a fetched value with a part of its interval gone is no news; a longer one, another property or payload is")
    func fetched() throws {
        let rig = try CoreRig()
        for topic in ["a", "b", "c", "d"] {
            rig.publish("acme/\(topic)", [1], properties: Self.properties(expiry: 100), retain: true)
        }
        try rig.run(.seconds(40))
        let began = rig.core.beginFetch()
        let left = Self.properties(expiry: 60)
        #expect(rig.publishFetched("acme/a", [1], properties: left, since: began) == .known)
        #expect(rig.publishFetched("acme/b", [1], properties: Self.properties(expiry: 90), since: began) != .known)
        #expect(rig.publishFetched("acme/c", [2], properties: left, since: began) != .known)
        let other = Self.properties(expiry: 60, user: "y")
        #expect(rig.publishFetched("acme/d", [1], properties: other, since: began) != .known)
    }
}
