import MQTT
import Testing

@testable import SenderOT
import MQTTProtocol
@testable import SenderOTCore

@Suite struct ExportPolicyTests {
    private func refusal(_ topic: String, by policy: ExportPolicy) -> ExportPolicy.Refusal? {
        policy.refusal(of: Array(topic.utf8).span.bytes)
    }

    @Test("nothing crosses unless a rule exports it")
    func denyByDefault() throws {
        #expect(refusal("acme/a", by: ExportPolicy(rules: [])) == .notExported)
        let policy = ExportPolicy(rules: [.init(filter: try TopicFilter("acme/+/values"))])
        #expect(refusal("acme/a/values", by: policy) == nil)
        #expect(refusal("acme/a/other", by: policy) == .notExported)
    }

    @Test("an exception of one rule does not bind another")
    func exceptions() throws {
        let policy = ExportPolicy(rules: [
            .init(
                filter: try TopicFilter("acme/#"),
                exceptions: [try TopicFilter("acme/secret/#"), try TopicFilter("+/+/debug")]),
            .init(filter: try TopicFilter("acme/secret/public")),
        ])
        #expect(refusal("acme/line", by: policy) == nil)
        #expect(refusal("acme/secret", by: policy) == .notExported)
        #expect(refusal("acme/secret/recipe", by: policy) == .notExported)
        #expect(refusal("acme/secret/public", by: policy) == nil)
        #expect(refusal("acme/line/debug", by: policy) == .notExported)
        #expect(policy.subscriptions == [try TopicFilter("acme/#")])
    }

    @Test(
        "D12, D14 what belongs to the broker, to this pair or to commands never crosses, whatever is exported",
        arguments: [
            ("$SYS/broker/uptime", ExportPolicy.Refusal.brokerTopic),
            ("$sparkplug/certificates/spBv1.0/g/NBIRTH/n", .brokerTopic),
            ("$", .brokerTopic),
            ("diode", .reservedForDiode),
            ("diode/plant-a/status", .reservedForDiode),
            ("diode/", .reservedForDiode),
            ("spBv1.0/g/NCMD/n", .commandOrState),
            ("spBv1.0/g/DCMD/n/d", .commandOrState),
            ("spBv1.0/g/NCMD", .commandOrState),
            ("spBv1.0/g/DCMD/n/d/e", .commandOrState),
            ("spBv1.0/STATE/host", .commandOrState),
            ("spBv1.0/STATE", .commandOrState),
        ])
    func never(topic: String, reason: ExportPolicy.Refusal) throws {
        let everything = try ExportPolicy(
            rules: ["#", "$SYS/#", "$sparkplug/#", "diode/#", "$"].map { filter in
                .init(filter: try TopicFilter(filter))
            })
        #expect(refusal(topic, by: everything) == reason)
    }

    @Test(
        "what only resembles them crosses",
        arguments: [
            "diodes/a", "a/diode/b", "a/$SYS", "spBv1.0/g/NDATA/n", "spBv1.0/g/DDEATH/n/d", "spBv1.0/g/NBIRTH/n",
            "spBv1.0/g/NCMDX/n", "spBv1.0/NCMD/x/n", "x/spBv1.0/g/NCMD/n", "spAv1.0/g/NCMD/n", "STATE/host", "spBv1.0",
        ])
    func resembling(topic: String) throws {
        let everything = ExportPolicy(rules: [.init(filter: try TopicFilter("#"))])
        #expect(refusal(topic, by: everything) == nil)
    }

    @Test(
        "P1 no topic matches two of the filters that are subscribed to, and every exported one matches one",
        arguments: [
            (["acme/+/temp", "acme/l1/#"], ["acme/+/#"]), (["acme/#", "acme/l1/temp"], ["acme/#"]),
            (["acme/a", "acme/b"], ["acme/a", "acme/b"]), (["+/+/temp", "acme/#", "x/y"], ["#"]),
            (["a/+", "+/b", "c/+/d"], ["+/+", "c/+/d"]), (["a/+/c", "a/b/+", "x/#", "+/y"], ["#"]),
            (["acme", "acme/#"], ["acme/#"]), (["+", "acme/#"], ["#"]), (["$SYS/+/a", "#"], ["$SYS/+/a", "#"]),
        ] as [([String], [String])])
    func disjoint(filters: [String], subscribed: [String]) throws {
        let policy = try ExportPolicy(rules: filters.map { .init(filter: try TopicFilter($0)) })
        let found = policy.subscriptions
        for (index, filter) in found.enumerated() {
            #expect(!found[(index + 1)...].contains { $0.overlaps(filter) }, "\(found)")
        }
        for filter in policy.rules.map(\.filter) { #expect(found.contains { $0.covers(filter) }, "\(found)") }
        #expect(Set(found.map(\.description)) == Set(subscribed))
        // What comes only because of a broader filter is counted as that.
        if found.map(\.description) == ["acme/+/#"] {
            #expect(refusal("acme/l2/x", by: policy) == .overlap && refusal("other", by: policy) == .notExported)
        }
    }

    @Test("further Sparkplug namespaces are configuration")
    func namespaces() throws {
        let policy = ExportPolicy(
            rules: [.init(filter: try TopicFilter("#"))], sparkplugNamespaces: ["spBv1.0", "spJv4.0"])
        #expect(refusal("spJv4.0/g/NCMD/n", by: policy) == .commandOrState)
        #expect(refusal("spBv1.0/g/NCMD/n", by: policy) == .commandOrState)
    }
}
