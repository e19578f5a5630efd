import Foundation
import TestKit
import Testing

/// Everything that an OT broker or a payload can do wrong × {acknowledged and named, later records flow, audit exit ≠ 0 or nothing lost}
/// (P1, P6, P9): all rows go through one pair, one behind the other, each with a healthy message behind it.
@Suite("The matrix of odd packets", .timeLimit(.minutes(3)))
struct MatrixTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        let version: Int
        let retain: Bool
        var testDescription: String { "MQTT \(version == 5 ? "5" : "3.1.1"), \(retain ? "retained" : "live")" }
    }

    /// What the packets of a variant are, and what has to come of them.
    private struct Plan {
        var lines: [String] = []
        var crossing: [String] = []
        var healthy: [String] = []
        /// Records by "layer reason topic".
        var lost: [String: Int] = [:]
        var acknowledged: Set<Int> = []
        var filtered = 0

        init(_ variant: Variant) {
            var number = 0
            for row in OddPacket.rows(version: variant.version, retain: variant.retain) {
                for qos in row.levels {
                    number += 1
                    let place = OddPacket.Place(
                        version: variant.version, qos: qos, retain: variant.retain, identifier: 30_000 + number,
                        topic: "acme/odd\(number)")
                    lines.append(row.line(place))
                    if row.isAcknowledged, qos > 0 { acknowledged.insert(place.identifier) }
                    switch row.fate {
                    case .crosses: crossing.append(place.topic)
                    case .stays: filtered += 1
                    case .passes: break
                    case .lost(let layer, let reason): lost["\(layer) \(reason) \(row.shown(place))", default: 0] += 1
                    }
                    let behind = OddPacket.Place(
                        version: variant.version, qos: 1, retain: variant.retain, identifier: 40_000 + number,
                        topic: "acme/healthy\(number)")
                    lines.append(OddPacket.publish(behind, payload: row.name))
                    acknowledged.insert(behind.identifier)
                    healthy.append(behind.topic)
                }
            }
        }
    }

    @Test(
        "P1 P6 P9 whatever packet comes, it is acknowledged and named, later records flow, and the audit tells of each loss",
        arguments: [
            Variant(version: 5, retain: false), Variant(version: 4, retain: false), Variant(version: 5, retain: true),
            Variant(version: 4, retain: true),
        ])
    func matrix(_ variant: Variant) async throws {
        let plan = Plan(variant)
        let ot = try await MisbehavingBroker.start(
            variant.version == 5 ? [:] : ["v5": "0"], inject: variant.retain ? [] : plan.lines,
            injectRetained: variant.retain ? plan.lines : [])
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        var settings = DiodePair.Settings()
        settings.export = ["acme/#"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await PythonClient.collector(on: it, filters: ["acme/#"])
        try pair.startReceiver()
        try pair.startSender()

        // Later records flow, and what is sound of a packet crosses: all of it, once.
        let expected = (plan.crossing + plan.healthy).sorted()
        var arrived: [String] = []
        _ = await eventually(.seconds(60)) {
            arrived = collector.messages.map(\.topic).sorted()
            return arrived.count >= expected.count
        }
        #expect(arrived == expected, "\(Set(expected).symmetricDifference(arrived).sorted().prefix(10))")

        // Every loss has its name, and nothing else is lost.
        var audit = try await AuditAnswer(pair)
        var lost: [String: Int] = [:]
        _ = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            lost = Self.losses(audit)
            return lost == plan.lost
        }
        #expect(lost == plan.lost, "\(audit)")
        #expect(audit.exit == .code(4) && audit.isBalanced && audit.total("missing") == 0, "\(audit)")

        // Acknowledged, over the one connection that there was.
        let client = "diode-send-plant-a" + (variant.retain ? "-fetch" : "")
        var acknowledged: Set<Int> = []
        _ = await eventually(.seconds(20)) {
            let answers = ot.events.filter {
                $0.client == client && ($0.type == 4 || $0.type == 7) && $0.direction == ">"
            }
            acknowledged = Set(answers.compactMap { $0.body.flatMap { Int($0.prefix(4), radix: 16) } })
            return acknowledged.isSuperset(of: plan.acknowledged)
        }
        #expect(acknowledged.isSuperset(of: plan.acknowledged), "\(plan.acknowledged.subtracting(acknowledged))")
        #expect(ot.events.count { $0.client == client && $0.type == 2 && $0.direction == "<" } == 1)

        // An operator sees it.
        let status = try await pair.status(.sender).output
        #expect(status.contains("ot-broker, malformed"), "\(status)")
        let state = try #require(try await SenderState(pair))
        for fault in variant.version == 5 ? ["topic_text", "topic_wildcard", "property_text"] : ["topic_text"] {
            #expect(state.faults[fault, default: 0] > 0, "\(state.faults)")
        }
        if !variant.retain { #expect(state.filtered.values.reduce(0, +) == plan.filtered) }
        try await pair.stop()
    }

    private static func losses(_ audit: AuditAnswer) -> [String: Int] {
        var lost: [String: Int] = [:]
        for loss in audit.list("losses") {
            for topic in loss["topics"] as? [[String: Any]] ?? [] {
                let name = "\(loss["layer"] ?? "") \(loss["reason"] ?? "") \(topic["topic"] ?? "")"
                lost[name, default: 0] += topic["records"] as? Int ?? 0
            }
        }
        return lost
    }

    @Test("docs/BROKERS.md has the matrix that the tests hold the sender to")
    func table() throws {
        let page = try String(contentsOfFile: Executable.projectRoot + "/docs/BROKERS.md", encoding: .utf8)
        #expect(page.contains(OddPacket.table), "the page must have this:\n\(OddPacket.table)")
    }
}
