import Account
import Configuration
import Foundation
import JSON
import ReceiverIT
import TestKit
import Testing

@Suite("recv.json5")
struct ReceiverConfigurationTests {
    private func read(_ text: String) throws(ConfigError) -> ReceiverConfiguration {
        try ReceiverConfiguration(file: ConfigFile(path: "/etc/diode/recv.json5", bytes: Array(text.utf8)))
    }

    private func refusal(_ text: String) -> ConfigError? {
        do {
            _ = try read(text)
            return nil
        } catch { return error }
    }

    @Test("what has no default is enough, and every other key has the documented default")
    func defaults() throws {
        let configuration = try read("{ links: [{}], broker: { url: 'mqtt://127.0.0.1:1884' }, state: 'recv.db' }")
        #expect(
            configuration.effective.line == "{\"links\":[{\"name\":\"plant-a\",\"card\":\"plant-a.card\",\"listen\":["
                + "\"127.0.0.1:7400\"],\"topic_prefix\":\"\",\"own\":[\"#\"],\"map\":[],\"max_qos\":2,\"publish_rate\":null}],\"broker\":{\"url\":"
                + "\"mqtt://127.0.0.1:1884\",\"ca\":null,\"cert\":null,\"key\":null,\"server_name\":null,\"username\":null,"
                + "\"password_file\":null,\"client_id\":null,\"version\":\"auto\"},\"state\":\"recv.db\","
                + "\"reorder_timeout\":\"50ms\",\"silence_timeout\":\"3s\",\"freshness\":{\"degraded\":\"5s\",\"stale\":\"30s\"},\"seal_keys\":[],"
                + "\"outbox\":{\"limit\":\"4GiB\"},"
                + "\"ledger\":{\"limit\":\"1GiB\"},\"late\":\"topic\","
                + "\"limits\":{\"topics\":1000000,\"verifications\":8000,\"partial\":\"64MiB\",\"reorder\":\"64MiB\"},"
                + "\"sparkplug\":{\"namespaces\":[\"spBv1.0\"],\"rebirth_interval\":\"1s\",\"primary_host\":null,"
                + "\"nodes\":1000,\"values\":\"256MiB\"},"
                + "\"status\":{\"listen\":\"127.0.0.1:9470\","
                + "\"expose\":false}}")
        #expect(configuration.links[0].cards.map(\.resolved) == ["/etc/diode/plant-a.card"])
        #expect(try read(configuration.effective.page).effective == configuration.effective)
    }

    @Test("the shipped example writes every key out, with its default where it has one")
    func example() throws {
        let path = Executable.projectRoot + "/deploy/examples/recv.json5"
        let configuration = try ReceiverConfiguration(path: path)
        let defaults = try read("{ links: [{}], broker: { url: 'mqtt://127.0.0.1:1884' }, state: 'recv.db' }")
        #expect(configuration.effective == defaults.effective)
        let written = try JSON5Reader.value(of: Array(String(contentsOfFile: path, encoding: .utf8).utf8))
        #expect(written == configuration.effective)
    }

    @Test("the contract's example is read as it stands")
    func contract() throws {
        let configuration = try read(
            """
            { links: [ { name: "plant-a", card: "plant-a.card", listen: ["127.0.0.1:7400"], topic_prefix: "", own: ["#"] } ],
              broker: { url: "mqtt://127.0.0.1:1884" },
              state: "recv.db",
              reorder_timeout: "50ms", silence_timeout: "3s",
              outbox: { limit: "4GiB" }, ledger: { limit: "1GiB" },
              late: "topic",                                // topic | mark | drop
              status: { listen: "127.0.0.1:9470" } }
            """)
        #expect(configuration.links.map(\.name) == ["plant-a"])
        #expect(configuration.late == .topic)
    }

    @Test(
        "D14 two links that could write one topic are refused, two that could not are taken",
        arguments: [
            ("", "", "topic_prefix"), ("topic_prefix: 'a'", "topic_prefix: 'a/'", "topic_prefix"),
            ("topic_prefix: 'a'", "topic_prefix: 'a/b'", "topic_prefix"),
            ("topic_prefix: 'a'", "topic_prefix: 'ab'", nil), ("topic_prefix: 'a'", "", "topic_prefix"),
            ("own: ['x/#']", "own: ['y/#']", nil), ("own: ['x/#']", "own: ['+/z']", "topic_prefix"),
            ("own: ['a/b/#'], topic_prefix: 'a'", "own: ['a/b/c']", "topic_prefix"),
            ("own: ['a/b/#'], topic_prefix: 'a'", "own: ['a/c/#']", nil),
            ("own: []", "own: [], card: 'one.card'", "card"),
        ] as [(String, String, String?)])
    func links(first: String, second: String, key: String?) {
        let refused = refusal(
            "{ links: [{ name: 'one', \(first) }, { name: 'two', \(second) }], broker: { url: 'mqtt://h' }, state: 'r' }"
        )
        #expect(refused?.path == key.map { "links[1].\($0)" }, "\(String(describing: refused))")
    }

    @Test("two links of one name are refused")
    func names() {
        let refused = refusal("{ links: [{ own: [] }, { own: [] }], broker: { url: 'mqtt://h' }, state: 'r' }")
        #expect(refused?.path == "links[1].name")
    }

    @Test(
        "a fault is named by its key",
        arguments: [
            ("links: []", "links"), ("links: [{ name: '' }]", "links[0].name"),
            ("links: [{ listen: ['7400'] }]", "links[0].listen[0]"), ("links: [{ own: ['a/#/b'] }]", "links[0].own[0]"),
            ("links: [{ topic_prefix: 'a/+' }]", "links[0].topic_prefix"),
            ("links: [{ topic_prefix: '/' }]", "links[0].topic_prefix"),
            ("links: [{ topic_prefix: 'diode/x' }]", "links[0].topic_prefix"),
            ("links: [{ rate: '1Mbit/s' }]", "links[0].rate"),
            ("links: [{ max_qos: 3 }]", "links[0].max_qos"),
            ("links: [{ map: [{ from: 'a/+', to: 'b' }] }]", "links[0].map[0].from"),
            ("links: [{ map: [{ from: 'a/#', to: 'b' }] }]", "links[0].map[0].to"),
            ("links: [{ map: [{ from: 'a/#', to: 'diode/#' }] }]", "links[0].map[0].to"),
            ("links: [{ map: [{ from: 'a', to: 'x/a' }, { from: 'b/#', to: 'x/#' }] }]", "links[0].map[1].to"),
            ("links: [{}], late: 'never'", "late"), ("links: [{}], outbox: { limit: '1B' }", "outbox.limit"),
            ("links: [{}], status: { listen: '0.0.0.0:1' }", "status.listen"),
            ("links: [{}], reorder_timeout: 50", "reorder_timeout"),
            ("", "links"),
        ])
    func faults(keys: String, path: String) {
        let refused = refusal("{ \(keys)\(keys.isEmpty ? "" : ",") broker: { url: 'mqtt://h' }, state: 'recv.db' }")
        #expect(refused?.path == path, "\(String(describing: refused))")
    }
}
