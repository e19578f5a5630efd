import Configuration
import Foundation
import JSON
import MQTT
import SenderOT
import TestKit
import Testing
import MQTTProtocol
import SenderOTCore

@Suite("send.json5")
struct SenderConfigurationTests {
    private let least =
        "{ link: { rate: '800Mbit/s' }, broker: { url: 'mqtt://127.0.0.1:1883' }, export: [], state: 'send.db' }"

    private func read(_ text: String) throws(ConfigError) -> SenderConfiguration {
        try SenderConfiguration(file: ConfigFile(path: "/etc/diode/send.json5", bytes: Array(text.utf8)))
    }

    @Test("what has no default is enough, and every other key has the documented default")
    func defaults() throws {
        let configuration = try read(least)
        #expect(
            configuration.effective.line
                == "{\"link\":{\"name\":\"plant-a\",\"key\":\"plant-a.key\",\"seal\":null,\"paths\":[{\"to\":"
                + "\"127.0.0.1:7400\",\"interface\":null,\"source\":null,\"neighbour\":null,\"rate\":null}],"
                + "\"rate\":\"800Mbit/s\",\"mtu\":1500},\"broker\":{\"url\":\"mqtt://127.0.0.1:1883\",\"ca\":null,"
                + "\"cert\":null,\"key\":null,\"server_name\":null,\"username\":null,\"password_file\":null,\"client_id\":null,"
                + "\"version\":\"auto\"},\"export\":[],\"state\":\"send.db\",\"fec\":{\"repair\":\"20%\",\"min_repair\":4,"
                + "\"flush\":\"2ms\",\"repair_spread\":\"5ms\"},\"echo\":[\"1s\",\"30s\",\"10m\",\"1h\"],\"journal\":{"
                + "\"keep\":\"7d\",\"limit\":\"64GiB\",\"min_free\":\"2GiB\"},\"on_disk_full\":\"forward\",\"deletions\":{"
                + "\"hold\":{\"topics\":100,\"share\":\"5%\"}},\"snapshot\":{\"period\":\"30s\"},\"beat\":\"1s\","
                + "\"limits\":{\"topics\":1000000,\"values\":\"2GiB\",\"record\":\"1MiB\"},"
                + "\"sparkplug\":{\"namespaces\":[\"spBv1.0\"],\"request_rebirth\":true,\"broker_lost\":\"10s\","
                + "\"silence\":\"30s\",\"nodes\":1000,"
                + "\"values\":\"256MiB\"},"
                + "\"status\":{\"listen\":\"127.0.0.1:9471\",\"expose\":false}}")
        #expect(configuration.link.key.resolved == "/etc/diode/plant-a.key")
        #expect(try read(configuration.effective.page).effective == configuration.effective)
    }

    @Test("the contract's example is read as it stands")
    func contract() throws {
        let configuration = try read(
            """
            { link: { name: "plant-a", key: "plant-a.key",
                      paths: ["127.0.0.1:7400"],            // several = A/B diodes
                      rate: "800Mbit/s", mtu: 1500 },       // rate: required, Ethernet bits
              broker: { url: "mqtt://127.0.0.1:1883" },
              export: [ { filter: "acme/#", except: [] } ],
              state: "send.db",
              fec: { repair: "20%", min_repair: 4, flush: "2ms", repair_spread: "5ms" },
              echo: ["1s", "30s", "10m", "1h"],
              journal: { keep: "7d", limit: "64GiB", min_free: "2GiB" },
              on_disk_full: "forward", deletions: { hold: { topics: 100, share: "5%" } },
              snapshot: { period: "30s" }, beat: "1s",
              status: { listen: "127.0.0.1:9471" } }
            """)
        #expect(configuration.link.paths.map(\.to.description) == ["127.0.0.1:7400"])
        #expect(configuration.export.map(\.filter.description) == ["acme/#"])
        #expect(configuration.echo == [.seconds(1), .seconds(30), .seconds(600), .seconds(3_600)])
    }

    @Test("the shipped example writes every key out, with its default where it has one")
    func example() throws {
        let path = Executable.projectRoot + "/deploy/examples/send.json5"
        let configuration = try SenderConfiguration(path: path)
        let defaults = try read(least.replacingOccurrences(of: "[]", with: "[{ filter: 'acme/#' }]"))
        #expect(configuration.effective == defaults.effective)
        let written = try JSON5Reader.value(of: Array(String(contentsOfFile: path, encoding: .utf8).utf8))
        #expect(written == configuration.effective)
    }

    @Test("a path is a text or an object, an empty echo is legal, and null opens no status port")
    func variants() throws {
        let configuration = try read(
            """
            { link: { rate: "10Gbit/s", paths: ["[::1]:7400", { to: "192.0.2.1:7401", interface: "eth1",
                source: "192.0.2.2", neighbour: "02:00:00:00:00:0A", rate: "1Gbit/s" }] },
              broker: { url: "mqtt://b" }, export: [], state: "/var/lib/send.db", echo: [], status: null }
            """)
        #expect(configuration.echo.isEmpty)
        #expect(configuration.status == nil)
        let path = try #require(configuration.link.paths.last)
        #expect(path.interface == "eth1" && path.source == "192.0.2.2" && path.neighbour == "02:00:00:00:00:0a")
        #expect(path.rate == BitRate(bitsPerSecond: 1_000_000_000))
    }

    @Test("a rule's options are read")
    func rules() throws {
        let rule =
            "{ filter: '#', max_rate: '10/min', deadband: { field: 'v', delta: 0.5 }, max_payload: '64KiB', prefix: 'a/b/' }"
        let export = try read(least.replacingOccurrences(of: "[]", with: "[\(rule)]")).export
        #expect(
            export == [
                try ExportPolicy.Rule(
                    filter: TopicFilter("#"), interval: .seconds(6), deadband: Deadband(delta: 0.5, field: "v"),
                    maximumPayloadBytes: 65_536, prefix: "a/b")
            ])
    }

    @Test(
        "a fault is named by its key",
        arguments: [
            ("link: { rate: '800Mbit/s' }, ", "", "link"), ("rate: '800Mbit/s'", "", "link.rate"),
            ("broker: { url: 'mqtt://127.0.0.1:1883' }, ", "", "broker"), ("export: [], ", "", "export"),
            (", state: 'send.db'", "", "state"), ("'send.db'", "5", "state"), ("800Mbit/s", "200Gbit/s", "link.rate"),
            ("state:", "beat: '61s', state:", "beat"), ("state:", "echo: ['30s', '1s'], state:", "echo"),
            ("state:", "on_disk_full: 'stop', state:", "on_disk_full"), ("state:", "late: 'drop', state:", "late"),
            ("state:", "fec: { min_repair: -1 }, state:", "fec.min_repair"),
            ("state:", "deletions: { hold: { share: '101%' } }, state:", "deletions.hold.share"),
            ("state:", "limits: { topics: 0 }, state:", "limits.topics"),
            ("state:", "limits: { record: '2MiB' }, state:", "limits.record"),
            ("state:", "sparkplug: { namespaces: ['a/b'] }, state:", "sparkplug.namespaces[0]"),
            ("state:", "sparkplug: { nodes: 0 }, state:", "sparkplug.nodes"),
            ("export: []", "export: [{ filter: 'a#' }]", "export[0].filter"),
            ("export: []", "export: [{ filter: 'a', except: ['+x'] }]", "export[0].except[0]"),
            ("export: []", "export: [{ filter: 'a', max_rate: 1 }]", "export[0].max_rate"),
            ("export: []", "export: [{ filter: 'a', max_rate: '2/d' }]", "export[0].max_rate"),
            ("export: []", "export: [{ filter: 'a', max_rate: '0/s' }]", "export[0].max_rate"),
            ("export: []", "export: [{ filter: 'a', deadband: 0 }]", "export[0].deadband"),
            ("export: []", "export: [{ filter: 'a', deadband: { delta: 1 } }]", "export[0].deadband"),
            ("export: []", "export: [{ filter: 'a', max_payload: 5 }]", "export[0].max_payload"),
            ("export: []", "export: [{ filter: 'a', prefix: 'diode/x' }]", "export[0].prefix"),
            ("export: []", "export: [{ filter: 'a', prefix: 'spBv1.0' }]", "export[0].prefix"),
            ("export: []", "export: [{ filter: 'spBv1.0/#', deadband: 1 }]", "export[0].deadband"),
            ("export: []", "export: [{ filter: 'p/#' }, { filter: '#', prefix: 'p' }]", "export[1].prefix"),
            ("rate:", "mtu: 575, rate:", "link.mtu"), ("rate:", "name: 'a b', rate:", "link.name"),
            ("rate:", "paths: [{ to: 'h:1', neighbour: 'x' }], rate:", "link.paths[0].neighbour"),
            ("rate:", "paths: [], rate:", "link.paths"), ("rate:", "seal: 7, rate:", "link.seal"),
        ])
    func faults(part: String, replacement: String, path: String) {
        let text = least.replacingOccurrences(of: part, with: replacement)
        var refused: ConfigError?
        do { _ = try read(text) } catch { refused = error }
        #expect(refused?.path == path, "\(String(describing: refused))")
        #expect(refused?.description.hasPrefix("/etc/diode/send.json5:1:") == true)
    }
}
