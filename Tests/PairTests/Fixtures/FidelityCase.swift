import TestKit

/// Messages that arrive as they were sent, or as a limitation of a broker says: a row of docs/BROKERS.md.
struct FidelityCase: Sendable {
    let name: String
    let messages: [PlantMessage]
    /// Published by the broker in the name of a client that died.
    var isWill = false

    init(_ name: String, _ messages: [PlantMessage]) {
        self.name = name
        self.messages = messages
    }

    /// Every export that the topics below need, without what a broker says of itself.
    static let filters = ["acme/#", "/#"]

    /// Retained before the sender came, and fetched by it.
    static let before = FidelityCase(
        "retained before the sender came",
        (0..<20).map { PlantMessage("acme/before/line\($0 / 5)/\($0)", Array("\($0)".utf8), retain: true) })

    /// What is published while the pair runs.
    static let live: [FidelityCase] = properties + flags + topics + sizes + [will, longest, stars]

    private static let properties = [
        FidelityCase(
            "payload format, content type, response topic, correlation data",
            [
                PlantMessage(
                    "acme/request", Array("{}".utf8),
                    properties: [
                        .text("content_type", "application/json; charset=utf-8"), .number("payload_format", 1),
                        .text("response_topic", "acme/reply/größe"), .text("correlation", "00ff0a00"),
                    ]),
                PlantMessage(
                    "acme/request", Array("empty".utf8),
                    properties: [
                        .text("content_type", ""), .number("payload_format", 0), .text("correlation", ""),
                    ]),
            ]),
        FidelityCase(
            "user properties in order, repeated ones too",
            [
                PlantMessage(
                    "acme/user", [1], retain: true,
                    properties: [
                        .user("b", "2"), .user("a", "1"), .user("b", "2"), .user("b", ""), .user("", "x"),
                        .user("größe", "温度 \u{1F600}"), .user("long", String(repeating: "v", count: 60_000)),
                    ])
            ]),
        FidelityCase(
            "message expiry", [PlantMessage("acme/expiring", [1], retain: true, properties: [.number("expiry", 4_000)])]
        ),
    ]

    private static let flags = [
        FidelityCase("QoS 0", [PlantMessage("acme/qos/0", [0], qos: 0)]),
        FidelityCase("QoS 1", [PlantMessage("acme/qos/1", [1], qos: 1)]),
        FidelityCase("QoS 2", [PlantMessage("acme/qos/2", [2], qos: 2)]),
        FidelityCase(
            "retained and not retained, on one topic",
            [
                PlantMessage("acme/flag", [1], retain: true), PlantMessage("acme/flag", [2], retain: false),
                PlantMessage("acme/flag", [3], retain: true), PlantMessage("acme/flag", [4], retain: false),
            ]),
        FidelityCase(
            "deletion of a retained value",
            [PlantMessage("acme/gone", [1], retain: true), PlantMessage("acme/gone", [], retain: true)]),
        FidelityCase(
            "empty event",
            [PlantMessage("acme/empty", [1], retain: true), PlantMessage("acme/empty", [], retain: false)]),
    ]

    private static let topics = [
        FidelityCase(
            "slashes in odd places",
            ["/", "//", "/acme", "/acme/x", "acme/x/", "acme//x", "acme///", "/acme//x//"].map { PlantMessage($0, [7]) }
        ),
        FidelityCase("spaces in a topic", ["acme/a b", "acme/ /c", "acme/ "].map { PlantMessage($0, [8]) }),
        FidelityCase("dots in a topic", ["acme/a.b", "acme/.", "acme/..c"].map { PlantMessage($0, [9]) }),
        FidelityCase(
            "non-ASCII topics",
            ["acme/größe", "acme/温度", "acme/\u{1F600}/e\u{301}", "acme/\u{E000}"].map { PlantMessage($0, [10]) }),
        FidelityCase(
            "`$` and `>` in a topic",
            ["acme/$x", "acme/$SYS/y", "acme/$", "acme/a>", "acme/{\"}"].map { PlantMessage($0, [11]) }),
        FidelityCase(
            "a topic of 200 levels", [PlantMessage("acme" + String(repeating: "/l", count: 199), [13], retain: true)]),
    ]

    private static let sizes = [
        FidelityCase(
            "binary payloads",
            [PlantMessage("acme/binary", (0...255).map(UInt8.init)), PlantMessage("acme/binary", [0, 0, 0xFF, 0xC0])]),
        FidelityCase(
            "250,000 bytes", [PlantMessage("acme/large", [UInt8](repeating: 0x5A, count: 250_000), retain: true)]),
        FidelityCase(
            "1,048,576 bytes",
            [PlantMessage("acme/largest", (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })]),
    ]

    private static let longest = FidelityCase(
        "a topic of 65,535 bytes",
        [PlantMessage("acme/" + String(repeating: "t", count: 65_530), [14], retain: true)])

    /// The last one: no other follows where a broker makes something of it that ends the connection.
    private static let stars = FidelityCase(
        "`*` in a topic", ["acme/*", "acme/a*b"].map { PlantMessage($0, [12]) })

    private static let will: FidelityCase = {
        var will = FidelityCase(
            "a will",
            [
                PlantMessage(
                    "acme/will", Array("gone".utf8), retain: true,
                    properties: [.user("reason", "died"), .text("content_type", "text/plain")])
            ])
        will.isWill = true
        return will
    }()
}
