import Foundation

/// A Sparkplug message as the clients of Tests/clients write it down: what an edge node published, or what the strict host says of one.
public struct SparkplugMessage: Sendable, Decodable {
    /// A metric. In what the strict host says, data has the names that the birth gave to aliases.
    public struct Metric: Sendable, Decodable, Equatable {
        public let name: String?
        public let alias: UInt64?
        public let timestamp: UInt64?
        public let type: Int?
        public let historical: Bool
        public let null: Bool
        /// As JSON text; what is no scalar as the hex of its bytes; nil where there is none.
        public let value: String?
        /// Its bytes, in hex.
        public let raw: String
    }

    public let topic: String
    public let seq: Int?
    public let metrics: [Metric]
    /// All other fields of the payload as they stood, in hex.
    public let rest: String
    // What follows is said by the host alone.
    public let qos: Int?
    public let bdSeq: Int?
    /// Unix time in milliseconds of its arrival.
    public let arrival: Int?
    /// Clauses that it breaks, each with what was found.
    public let faults: [String]

    private enum Key: String, CodingKey {
        case topic, seq, metrics, rest, qos, faults
        case bdSeq = "bdseq"
        case arrival = "at_ms"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        topic = try fields.decode(String.self, forKey: .topic)
        seq = try fields.decodeIfPresent(Int.self, forKey: .seq)
        metrics = try fields.decodeIfPresent([Metric].self, forKey: .metrics) ?? []
        rest = try fields.decodeIfPresent(String.self, forKey: .rest) ?? ""
        qos = try fields.decodeIfPresent(Int.self, forKey: .qos)
        bdSeq = try fields.decodeIfPresent(Int.self, forKey: .bdSeq)
        arrival = try fields.decodeIfPresent(Int.self, forKey: .arrival)
        faults = try fields.decodeIfPresent([String].self, forKey: .faults) ?? []
    }

    private var levels: [Substring] { topic.split(separator: "/", omittingEmptySubsequences: false) }

    /// `NBIRTH` and so on; `STATE` for a host's.
    public var type: String { levels.count == 3 ? "STATE" : levels.count > 2 ? String(levels[2]) : "" }

    /// `group/node`.
    public var node: String { levels.count > 3 ? "\(levels[1])/\(levels[3])" : "" }

    /// `group/node` or `group/node/device`: whose metrics these are.
    public var owner: String { levels.count > 4 ? "\(node)/\(levels[4])" : node }

    public var isBirth: Bool { type.hasSuffix("BIRTH") }
    public var isData: Bool { type.hasSuffix("DATA") }
}

/// The values that messages leave behind, by node or device and metric: births replace, data changes, deaths end.
///
/// What belongs to a session (`bdSeq`, `Node Control/Rebirth`) is left out, and so is historical data.
public struct SparkplugValues: Equatable, CustomStringConvertible {
    public private(set) var values: [String: [String: String]] = [:]
    private var names: [String: [UInt64: String]] = [:]

    public init(_ messages: [SparkplugMessage]) { messages.forEach { take($0) } }

    public static func == (a: Self, b: Self) -> Bool { a.values == b.values }

    private mutating func take(_ message: SparkplugMessage) {
        switch message.type {
        case "NBIRTH", "NDEATH":
            let devices = message.node + "/"
            values = values.filter { $0.key != message.node && !$0.key.hasPrefix(devices) }
        case "DBIRTH", "DDEATH": values[message.owner] = nil
        default: break
        }
        guard message.isBirth || message.isData else { return }
        if message.isBirth {
            names[message.owner] = [:]
            values[message.owner] = [:]
        }
        for metric in message.metrics where !metric.historical {
            guard let name = metric.name ?? metric.alias.flatMap({ names[message.owner]?[$0] }),
                name != "bdSeq", name != "Node Control/Rebirth"
            else { continue }
            if let alias = metric.alias { names[message.owner]?[alias] = name }
            values[message.owner]?[name] = metric.value ?? "null"
        }
    }

    public var description: String {
        values.sorted { $0.key < $1.key }.map { owner, metrics in
            "\(owner): " + metrics.sorted { $0.key < $1.key }.map { "\($0)=\($1.prefix(40))" }.joined(separator: " ")
        }.joined(separator: "; ")
    }
}
