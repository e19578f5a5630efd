/// What data has said of one metric since it was last written: metrics of data, one behind the other.
///
/// A table keeps them until they are as large as the metric itself, or until somebody wants to know it; so setting a metric costs the bytes of
/// the data, however large the metric is (P8).
struct MetricUpdates {
    private var writer = FieldWriter()

    /// Bytes that are kept.
    var count: Int { writer.bytes.count }

    /// What `append` would add at most.
    static func bytes(of view: MetricView) -> Int { view.range.count + 24 }

    /// - Parameter time: for a metric without timestamp.
    mutating func append(_ view: MetricView, of data: [UInt8], time: UInt64?) {
        var timestamp = FieldWriter()
        if view.timestamp == nil, let time { timestamp.varint(MetricView.Field.timestamp, time) }
        writer.message(Payload.Field.metric, data[view.range], timestamp.bytes)
    }

    /// The metric with all that was said.
    func merged(into body: [UInt8]) -> [UInt8] {
        let all = MessageBytes(writer.bytes)
        return MetricParts.merge(body, with: all.fields.lazy.map { all.content($0) })
    }
}
