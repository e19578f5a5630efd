import Foundation
import JSON
import Testing

@testable import Configuration

@Suite("Configuration", .timeLimit(.minutes(1)))
struct ConfigurationTests {
    @Test(
        "sizes, rates, shares and durations are read as written and print in their shortest form",
        arguments: [
            ("64MiB", "64MiB", 64 << 20), ("2048KiB", "2MiB", 2 << 20), ("1000kB", "1MB", 1_000_000), ("0B", "0B", 0),
            ("0", "0B", 0),
            ("1TiB", "1TiB", 1 << 40), ("16777215TiB", "16777215TiB", 16_777_215 << 40),
        ] as [(String, String, UInt64)])
    func sizes(text: String, printed: String, bytes: UInt64) {
        #expect(ByteSize(text)?.bytes == bytes)
        #expect(ByteSize(text)?.description == printed)
    }

    @Test(
        "a quantity in any other form is none",
        arguments: [
            "", "64", "MiB", "64 MiB", "64mib", "6_4MiB", "-1B", "1.5GiB", "16777216TiB", "99999999999999999999B",
            "٣MiB",
            " 1B", "1B ", "0x1B",
        ])
    func noSize(text: String) { #expect(ByteSize(text) == nil) }

    @Test("rates, shares and durations have their own units")
    func quantities() {
        #expect(BitRate("800Mbit/s")?.bitsPerSecond == 800_000_000)
        #expect(BitRate("1500kbit/s")?.description == "1500kbit/s")
        #expect(BitRate("10Gbit/s")?.description == "10Gbit/s")
        for text in ["800Mbps", "800", "800MBit/s", "1.5Gbit/s"] { #expect(BitRate(text) == nil) }
        #expect(Percentage("20%")?.share == 0.2)
        #expect(Percentage("12.5%")?.basisPoints == 1_250)
        #expect(Percentage("0.05%")?.description == "0.05%")
        #expect(Percentage("12.50%")?.description == "12.5%")
        for text in ["20", "%", "-1%", "1.%", ".5%", "1.234%", "1,5%", "99999999999%"] {
            #expect(Percentage(text) == nil)
        }
        #expect(DurationText.parse("2ms") == .milliseconds(2))
        #expect(DurationText.parse("7d") == .seconds(604_800))
        #expect(DurationText.parse("90m").map(DurationText.text) == "90m")
        #expect(DurationText.parse("3600s").map(DurationText.text) == "1h")
        #expect(DurationText.text(.zero) == "0s")
        #expect(DurationText.parse("0") == .zero)
        for text in ["10", "m", "1.5s", "10M", "-1s", "99999999999999d", "1h30m"] {
            #expect(DurationText.parse(text) == nil)
        }
    }

    @Test(
        "an address is read as people write it",
        arguments: [
            ("127.0.0.1:7400", "127.0.0.1", 7400), ("[::1]:7400", "::1", 7400), ("[fe80::1%eth1]:1", "fe80::1%eth1", 1),
            ("diode.plant.example:65535", "diode.plant.example", 65_535), ("0.0.0.0:7400", "0.0.0.0", 7400),
        ] as [(String, String, UInt16)])
    func endpoints(text: String, host: String, port: UInt16) throws {
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint == Endpoint(host: host, port: port))
        #expect(endpoint.description == text)
    }

    @Test(
        "an address in any other form is none",
        arguments: [
            "", "127.0.0.1", ":7400", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80", "::1:7400",
            "[]:7400", "a b:7400", "host:7400x", "h\u{e4}:1", "a/b:1", "u@h:1", "[::1]", "[::1]7400",
        ])
    func noEndpoint(text: String) { #expect(Endpoint(text) == nil) }

    @Test("a broker URL has its port by default and nothing else in it")
    func brokerURL() {
        #expect(BrokerURL("mqtt://127.0.0.1")?.description == "mqtt://127.0.0.1:1883")
        #expect(BrokerURL("mqtts://broker.example/")?.description == "mqtts://broker.example:8883")
        #expect(BrokerURL("mqtt://[::1]")?.description == "mqtt://[::1]:1883")
        #expect(BrokerURL("mqtt://[::1]:99")?.port == 99)
        for text in [
            "", "127.0.0.1:1883", "tcp://h:1", "mqtt://", "mqtt://u:p@h:1", "mqtt://h/x", "mqtt://h?x", "mqtt://h:",
        ] {
            #expect(BrokerURL(text) == nil)
        }
    }

    private func read<Value>(
        _ text: String, _ body: (inout ConfigSection) throws(ConfigError) -> Value
    ) throws(ConfigError) -> (value: Value, effective: JSONValue) {
        try ConfigFile(path: "etc/x.json5", bytes: Array(text.utf8)).read(body)
    }

    private func refusal(
        _ text: String, _ body: (inout ConfigSection) throws(ConfigError) -> Void
    ) -> String? {
        do {
            _ = try read(text, body)
            return nil
        } catch { return error.description }
    }

    private func example(_ file: inout ConfigSection) throws(ConfigError) {
        _ = try file.required("rate", .rate(BitRate(bitsPerSecond: 1_000)...BitRate(bitsPerSecond: 2_000)))
        try file.section("fec") { (fec: inout ConfigSection) throws(ConfigError) in
            _ = try fec.value("repair", .percentage(.percent(0)...(.percent(50))), default: .percent(20))
            _ = try fec.list("echo", of: .duration(.seconds(1)...(.seconds(9))), count: 0...2, default: ["1s"])
        }
        _ = try file.sections("paths", count: 1...2, shorthand: "to", default: ["h:1"]) {
            (path: inout ConfigSection) throws(ConfigError) in try path.required("to", .endpoint)
        }
        _ = try file.optional("note", .text(1...8))
        _ = try file.optionalSection("status") { (status: inout ConfigSection) throws(ConfigError) in
            try StatusSettings(&status, standardPort: 9)
        }
    }

    @Test(
        "a fault is one line that names file, place, key, reason and what is allowed",
        arguments: [
            ("{", "etc/x.json5:1:2: a name is missing here"),
            ("[]", "etc/x.json5:1:1: a list stands here; allowed: an object { … }"),
            (
                "{}",
                "etc/x.json5:1:1: rate: this key is missing and has no default; allowed: 1kbit/s…2kbit/s, for example \"800Mbit/s\""
            ),
            (
                "{ rate: 5 }",
                "etc/x.json5:1:9: rate: a number stands here; allowed: 1kbit/s…2kbit/s, for example \"800Mbit/s\""
            ),
            (
                "{ rate: '1kbit/s',\n  fec: { repair: '60%' } }",
                "etc/x.json5:2:18: fec.repair: \"60%\" is out of range; allowed: 0%…50%, for example \"20%\""
            ),
            (
                "{ rate: '1kbit/s', fec: { repar: '6%' } }",
                "etc/x.json5:1:34: fec.repar: unknown key; allowed: echo, repair"
            ),
            (
                "{ rate: '1kbit/s', fec: { echo: ['1s', 1] } }",
                "etc/x.json5:1:40: fec.echo[1]: a number stands here; allowed: 1s…9s, for example \"2s\""
            ),
            (
                "{ rate: '1kbit/s', fec: { echo: '1s' } }",
                "etc/x.json5:1:33: fec.echo: a text stands here; allowed: a list [ … ] of 0…2: 1s…9s, for example \"2s\""
            ),
            (
                "{ rate: '1kbit/s', paths: [{ to: 'h:1' }, { too: 'h' }] }",
                "etc/x.json5:1:43: paths[1].to: this key is missing and has no default; allowed: host:port with a port of "
                    + "1…65535, for example \"127.0.0.1:7400\" or \"[::1]:7400\""
            ),
            (
                "{ rate: '1kbit/s', paths: [] }",
                "etc/x.json5:1:27: paths: 0 stand in this list; allowed: a list [ … ] of 1…2: objects, or texts that stand for { to: … }"
            ),
            (
                "{ rate: '1kbit/s', status: { listen: '192.0.2.1:9' } }",
                "etc/x.json5:1:38: status.listen: \"192.0.2.1:9\" can be reached by others; allowed: a loopback address, or expose: true"
            ),
            (
                "{ rate: '1kbit/s', note: 'a\\nb' }",
                "etc/x.json5:1:26: note: has a control character; allowed: a text of 1…8 bytes without control characters"
            ),
            (
                "{ rate: '1kbit/s', 'no\\nte': 1 }",
                "etc/x.json5:1:30: no\\nte: unknown key; allowed: fec, note, paths, rate, status"
            ),
        ])
    func faults(text: String, expected: String) {
        #expect(refusal(text, example) == expected)
    }

    @Test("the effective configuration has every key with the value that holds, and reads back as itself")
    func effective() throws {
        let (_, effective) = try read("{ rate: '1000bit/s', status: null, paths: ['h:1', { to: 'h:2' }] }", example)
        #expect(
            effective.line == "{\"rate\":\"1kbit/s\",\"fec\":{\"repair\":\"20%\",\"echo\":[\"1s\"]},"
                + "\"paths\":[{\"to\":\"h:1\"},{\"to\":\"h:2\"}],\"note\":null,\"status\":null}")
        #expect(try read(effective.page, example).effective == effective)
        let (_, defaults) = try read("{ rate: '1kbit/s' }", example)
        #expect(defaults["status"] == ["listen": "127.0.0.1:9", "expose": false])
        #expect(try read(defaults.line, example).effective == defaults)
    }

    @Test("a path is relative to the configuration file")
    func paths() {
        #expect(FilePath("a.key", relativeTo: "/etc/diode/send.json5").resolved == "/etc/diode/a.key")
        #expect(FilePath("../a.key", relativeTo: "etc/send.json5").resolved == "etc/../a.key")
        #expect(FilePath("a.key", relativeTo: "send.json5").resolved == "a.key")
        #expect(FilePath("/k/a.key", relativeTo: "/etc/send.json5").resolved == "/k/a.key")
    }

    @Test("a file that is missing, a folder or too large is refused by name")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func refusal(_ path: String) -> String? {
            do {
                _ = try ConfigFile(path: path)
                return nil
            } catch { return error.description }
        }
        #expect(refusal("\(folder.path)/none") == "\(folder.path)/none: No such file or directory")
        #expect(refusal(folder.path) == "\(folder.path): not a regular file")
        let large = "\(folder.path)/large"
        try Data(repeating: 0x20, count: ConfigFile.maximumBytes + 1).write(to: URL(fileURLWithPath: large))
        #expect(refusal(large) == "\(large): larger than allowed; allowed: at most 1MiB")
        try Data("{ }".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/good"))
        #expect(refusal("\(folder.path)/good") == nil)
    }

    @Test(
        "two topic filters meet exactly when some topic matches both (MQTT 5 §4.7)",
        arguments: [
            ("#", "a", true), ("a/#", "a", true), ("a/#", "a/b/c", true), ("a/#", "ab", false), ("a/+", "a/b", true),
            ("a/+", "a", false), ("+/b", "a/+", true), ("+/b", "a/c", false), ("a/b", "a/b", true), ("a", "a/b", false),
            ("+", "a/#", true), ("a/+/#", "a", false), ("a/+/#", "a/b", true), ("#", "$SYS/#", false),
            ("$SYS/#", "$SYS/x", true), ("+/x", "$a/x", false), ("/", "/", true), ("/", "+", false),
            ("/+", "+/a", true),
        ])
    func topicPatterns(first: String, second: String, meet: Bool) throws {
        let (first, second) = (try #require(TopicPattern(first)), try #require(TopicPattern(second)))
        #expect(first.overlaps(second) == meet)
        #expect(second.overlaps(first) == meet)
    }

    @Test(
        "a filter with a wildcard in the wrong place is none",
        arguments: ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a\u{0}"])
    func noTopicPattern(text: String) { #expect(TopicPattern(text) == nil) }

    @Test(
        "broker keys that need each other stand together",
        arguments: [
            ("url: 'mqtt://h', ca: 'x'", "broker.url"), ("url: 'mqtts://h', cert: 'x'", "broker.cert"),
            ("url: 'mqtts://h', key: 'x'", "broker.key"),
            ("url: 'mqtt://h', password_file: 'x'", "broker.password_file"),
            ("url: 'h'", "broker.url"), ("url: 'mqtt://h', version: '4'", "broker.version"),
            ("url: 'mqtt://h', password: 'x'", "broker.password"),
        ])
    func broker(keys: String, path: String) {
        var refused: ConfigError?
        do {
            _ = try read("{ broker: { \(keys) } }") { (file: inout ConfigSection) throws(ConfigError) in
                try file.requiredSection("broker", BrokerSettings.init)
            }
        } catch { refused = error }
        #expect(refused?.path == path)
    }
}
