import DiodeProtocol
import SenderOT

/// Records as a plant publishes them, made before the clock runs; they are taken in turn, over and over.
struct RecordSet {
    let name: String
    private let topics: [[UInt8]]
    private let payloads: [[UInt8]]

    /// 100 bytes of JSON under 1,000 topics: what most of a Unified Namespace looks like. zstd shrinks it.
    static let readings = RecordSet(
        name: "100-byte readings",
        topics: (0..<1_000).map { "acme/essen/hall\($0 / 100)/line\($0 / 10 % 10)/cell\($0 % 10)/temperature" },
        payloads: (0..<4_096).map { index in
            let text =
                "{\"timestamp_ms\":\(1_763_716_000_000 + index * 37),\"value\":\(20 + index % 700).\(index * 7 % 90 + 10)"
                + ",\"unit\":\"C\",\"quality\":192}"
            return Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: max(0, 100 - text.utf8.count))
        })

    /// 1 KiB that does not shrink, under 100 topics: blocks that are full of symbols.
    static let bulk = RecordSet(
        name: "1 KiB of noise", topics: (0..<100).map { "acme/essen/hall1/camera\($0)/image" },
        payloads: (0..<256).map { _ in (0..<1_024).map { _ in UInt8.random(in: 0...255) } })

    /// What a quiet plant sends now and then: 100 bytes that do not shrink, under a topic of 40.
    static let lone = RecordSet(
        name: "lone record of 100 bytes", topics: ["acme/essen/hall1/line7/cell3/temperature"],
        payloads: [(0..<100).map { _ in UInt8.random(in: 0...255) }])

    private init(name: String, topics: [String], payloads: [[UInt8]]) {
        self.name = name
        self.topics = topics.map { Array($0.utf8) }
        self.payloads = payloads
    }

    func topic(_ index: Int) -> [UInt8] { topics[index % topics.count] }
    func payload(_ index: Int) -> [UInt8] { payloads[index % payloads.count] }
}
