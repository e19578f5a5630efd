import Sparkplug

/// Sparkplug B payloads as bytes, written without the room under test.
struct TestPayload {
    var timestamp: UInt64? = 1_700_000_000_000
    var metrics: [TestMetric] = []
    var seq: UInt64?
    /// Fields as they are, at the end.
    var extra: [UInt8] = []

    init(seq: UInt64? = nil, _ metrics: [TestMetric] = [], timestamp: UInt64? = 1_700_000_000_000) {
        self.seq = seq
        self.metrics = metrics
        self.timestamp = timestamp
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let timestamp { bytes += Proto.varint(1, timestamp) }
        for metric in metrics { bytes += Proto.message(2, metric.bytes) }
        if let seq { bytes += Proto.varint(3, seq) }
        return bytes + extra
    }
}

struct TestMetric: Equatable {
    enum Value: Equatable {
        case int(UInt64)
        case long(UInt64)
        case double(Double)
        case bool(Bool)
        case string(String)
        /// The field of a value, encoded.
        case raw([UInt8])
        case null
    }

    var name: String?
    var alias: UInt64?
    var timestamp: UInt64? = 1_700_000_000_000
    var datatype: UInt64?
    var isHistorical = false
    var value: Value?
    /// Fields as they are, before the value.
    var properties: [UInt8] = []
    /// Fields as they are, at the end.
    var extra: [UInt8] = []

    static func birth(_ name: String, alias: UInt64? = nil, _ value: UInt64) -> TestMetric {
        TestMetric(name: name, alias: alias, datatype: 8, value: .long(value))
    }

    static func data(_ name: String, _ value: UInt64, at timestamp: UInt64? = 1_700_000_000_001) -> TestMetric {
        TestMetric(name: name, timestamp: timestamp, value: .long(value))
    }

    static func data(alias: UInt64, _ value: UInt64, at timestamp: UInt64? = 1_700_000_000_001) -> TestMetric {
        TestMetric(alias: alias, timestamp: timestamp, value: .long(value))
    }

    static func bdSeq(_ number: UInt64) -> TestMetric {
        TestMetric(name: "bdSeq", datatype: 4, value: .long(number))
    }

    static let rebirth = TestMetric(name: "Node Control/Rebirth", datatype: 11, value: .bool(false))

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let name { bytes += Proto.message(1, Array(name.utf8)) }
        if let alias { bytes += Proto.varint(2, alias) }
        if let timestamp { bytes += Proto.varint(3, timestamp) }
        if let datatype { bytes += Proto.varint(4, datatype) }
        if isHistorical { bytes += Proto.varint(5, 1) }
        if value == .null { bytes += Proto.varint(7, 1) }
        bytes += properties
        switch value {
        case .int(let number): bytes += Proto.varint(10, number)
        case .long(let number): bytes += Proto.varint(11, number)
        case .double(let number):
            bytes += [13 << 3 | 1] + withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
        case .bool(let flag): bytes += Proto.varint(14, flag ? 1 : 0)
        case .string(let text): bytes += Proto.message(15, Array(text.utf8))
        case .raw(let field): bytes += field
        case .null, nil: break
        }
        return bytes + extra
    }
}

/// Protobuf, as much as tests need.
enum Proto {
    static func varint(_ number: UInt64, _ value: UInt64) -> [UInt8] { raw(number << 3) + raw(value) }

    static func message(_ number: UInt64, _ body: [UInt8]) -> [UInt8] {
        raw(number << 3 | 2) + raw(UInt64(body.count)) + body
    }

    static func raw(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + raw(value >> 7)
    }

    /// The fields of a message, or nil if it is none.
    static func fields(_ bytes: [UInt8]) -> [(number: UInt64, varint: UInt64, body: [UInt8], raw: [UInt8])]? {
        var fields: [(number: UInt64, varint: UInt64, body: [UInt8], raw: [UInt8])] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let start = rest
            guard let tag = read(&rest) else { return nil }
            var number: UInt64 = 0
            var body: [UInt8] = []
            switch tag & 7 {
            case 0:
                guard let value = read(&rest) else { return nil }
                number = value
            case 1, 5:
                let count = tag & 7 == 1 ? 8 : 4
                guard rest.count >= count else { return nil }
                body = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
            case 2:
                guard let count = read(&rest), count <= rest.count else { return nil }
                body = Array(rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
            case 3:
                guard skipGroup(tag >> 3, &rest, depth: 0) else { return nil }
            default: return nil
            }
            fields.append((tag >> 3, number, body, Array(start[..<rest.startIndex])))
        }
        return fields
    }

    /// A group, which every reader of proto2 passes over where it does not know it.
    private static func skipGroup(_ number: UInt64, _ rest: inout ArraySlice<UInt8>, depth: Int) -> Bool {
        while depth < 100, let tag = read(&rest) {
            switch tag & 7 {
            case 0: guard read(&rest) != nil else { return false }
            case 1, 5:
                let count = tag & 7 == 1 ? 8 : 4
                guard rest.count >= count else { return false }
                rest = rest.dropFirst(count)
            case 2:
                guard let count = read(&rest), count <= rest.count else { return false }
                rest = rest.dropFirst(Int(count))
            case 3: guard skipGroup(tag >> 3, &rest, depth: depth + 1) else { return false }
            case 4: return tag >> 3 == number
            default: return false
            }
        }
        return false
    }

    private static func read(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return value }
        }
        return nil
    }
}

/// A payload as a host reads it.
struct ReadPayload {
    struct Metric: Equatable {
        var name = ""
        var alias: UInt64?
        var timestamp: UInt64?
        var datatype: UInt64?
        var isHistorical = false
        var isNull = false
        /// Fields of the value, as they are.
        var value: [UInt8] = []
        var long: UInt64?
        var bool: Bool?
        /// Fields that are none of the above, as they are.
        var others: [UInt8] = []
    }

    var timestamp: UInt64?
    var seq: UInt64?
    var metrics: [Metric] = []
    var others: [UInt8] = []

    init?(_ bytes: [UInt8]) {
        guard let fields = Proto.fields(bytes) else { return nil }
        for field in fields {
            switch field.number {
            case 1: timestamp = field.varint
            case 2:
                guard let metric = Self.metric(field.body) else { return nil }
                metrics.append(metric)
            case 3: seq = field.varint
            default: others += field.raw
            }
        }
    }

    subscript(name: String) -> Metric? { metrics.first { $0.name == name } }

    private static func metric(_ bytes: [UInt8]) -> Metric? {
        guard let fields = Proto.fields(bytes) else { return nil }
        var metric = Metric()
        for field in fields {
            switch field.number {
            // Byte by byte: two names are equal only if their bytes are.
            case 1: metric.name = String(String.UnicodeScalarView(field.body.map { Unicode.Scalar($0) }))
            case 2: metric.alias = field.varint
            case 3: metric.timestamp = field.varint
            case 4: metric.datatype = field.varint
            case 5: metric.isHistorical = field.varint != 0
            case 7: metric.isNull = field.varint != 0
            case 10...19:
                metric.value = field.raw
                if field.number == 11 { metric.long = field.varint }
                if field.number == 14 { metric.bool = field.varint != 0 }
            default: metric.others += field.raw
            }
        }
        return metric
    }
}
