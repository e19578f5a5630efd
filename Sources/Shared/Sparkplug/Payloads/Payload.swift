internal import Collections

/// A Sparkplug B payload whose bytes have been checked throughout: its metrics, by their places in the bytes.
struct Payload: Sendable {
    /// Field numbers (`sparkplug_b.proto`).
    enum Field {
        static let timestamp = 1
        static let metric = 2
        static let seq = 3
        static let uuid = 4
    }

    /// More metrics than this are refused before there is memory for them.
    static let mostMetrics = 1_000_000
    /// What marks a payload whose body is another payload, compressed.
    private static let compressedUUID = Array("SPBV1.0_COMPRESSED".utf8)

    let bytes: [UInt8]
    private(set) var timestamp: UInt64?
    private(set) var seq: UInt64?
    private(set) var metrics: [MetricView] = []

    /// - Throws: `damaged`, `compressed`, or `overLimit` for more metrics than `mostMetrics`.
    init(_ bytes: [UInt8]) throws(SparkplugFault) {
        self.bytes = bytes
        guard PayloadSchema.payload.matches(bytes, bytes.indices) else { throw .damaged }
        var reader = FieldReader(bytes, bytes.indices)
        while let field = reader.next() {
            switch field.number {
            case Field.timestamp: timestamp = field.varint
            case Field.seq: seq = field.varint
            case Field.metric:
                guard metrics.count < Self.mostMetrics else { throw .overLimit }
                metrics.append(MetricView(bytes, field.value))
            case Field.uuid where bytes[field.value].elementsEqual(Self.compressedUUID): throw .compressed
            default: break
            }
        }
    }

    init(_ span: RawSpan) throws(SparkplugFault) { try self.init([UInt8](copying: span)) }

    func name(of metric: MetricView) -> [UInt8] { Array(bytes[metric.name]) }

    /// The first metric of this name.
    func metric(named name: [UInt8]) -> MetricView? {
        metrics.first { bytes[$0.name].elementsEqual(name) }
    }

    /// Whether `bdSeq` is there and as it should be.
    var hasProperBdSeq: Bool {
        guard let value = metric(named: MetricName.bdSeq)?.value, value.form == .varint else { return false }
        return value.varint < 256
    }

    /// The session number of a birth or death: whichever integer type it has (`tck-id-payloads-nbirth-bdseq`: Int64, 0…255).
    var bdSeq: UInt8? { metric(named: MetricName.bdSeq)?.sessionNumber }
}

/// Names with a meaning of their own.
enum MetricName {
    static let bdSeq = Array("bdSeq".utf8)
    static let rebirth = Array("Node Control/Rebirth".utf8)
}
