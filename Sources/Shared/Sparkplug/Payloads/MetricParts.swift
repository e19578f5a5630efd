/// A metric of a birth taken apart, so that metrics of data can set it one after the other.
///
/// ```text
/// birth   name alias datatype │ timestamp  null/value  metadata  properties  others
/// data                        │ timestamp  null/value  metadata  properties  others
///         from the birth      │ from the data, where it says so; else from the birth
/// ```
///
/// A template may carry only the members that have changed, properties only the keys: they are merged by name. Fields come out in the order of
/// their numbers, so that the same history gives the same bytes on both sides of a link, in however many steps it was merged.
///
/// To take a metric apart and to write it costs its bytes, to set it those of the data (P8): a large metric that is set a thousand times is
/// taken apart once.
struct MetricParts {
    private typealias Field = MetricView.Field

    /// Whole fields, by number; of one number in the order in which they came.
    private var fields: [Int: [MessageBytes]] = [:]
    /// What stands for the fields of their numbers once data has set a part of them.
    private var properties: PropertyParts?
    private var template: TemplateParts?

    init(_ metric: MessageBytes) {
        for field in metric.fields { fields[field.number, default: []].append(metric.whole(field)) }
    }

    /// What a metric says after metrics of data have set it, in their order.
    static func merge(_ birth: [UInt8], with data: some Sequence<MessageBytes>) -> [UInt8] {
        var parts = MetricParts(MessageBytes(birth))
        for metric in data { parts.set(by: metric) }
        return parts.encoded
    }

    /// Takes over what a metric of data says.
    mutating func set(by data: MessageBytes) {
        var replaced: Set<Int> = [Field.timestamp, Field.isHistorical]
        var setsValue = false
        for field in data.fields {
            if Self.isValue(field.number) { setsValue = true } else { replaced.insert(field.number) }
        }
        if setsValue { replaced.formUnion(Self.values) }
        let hasTemplate = setsValue && data.fields.contains { $0.number == Field.template }
        if setsValue, !hasTemplate { template = nil }
        for number in replaced where !Self.isIdentity(number) {
            // What is merged with the data goes only then.
            if number == Field.properties || number == Field.template && hasTemplate { continue }
            fields[number] = nil
        }
        for field in data.fields where !Self.isIdentity(field.number) && field.number != Field.isHistorical {
            switch field.number {
            case Field.properties: setProperties(field, of: data)
            case Field.template: setTemplate(field, of: data)
            default: fields[field.number, default: []].append(data.whole(field))
            }
        }
    }

    private mutating func setProperties(_ field: WireField, of data: MessageBytes) {
        if properties == nil { properties = content(Field.properties).flatMap { PropertyParts($0) } }
        guard properties != nil, let news = PropertyParts(data.content(field)) else {
            properties = nil
            fields[Field.properties] = [data.whole(field)]
            return
        }
        fields[Field.properties] = nil
        properties?.set(by: news)
    }

    private mutating func setTemplate(_ field: WireField, of data: MessageBytes) {
        if template == nil { template = content(Field.template).map { TemplateParts($0) } }
        guard template?.set(by: data.content(field)) ?? false else {
            template = nil
            fields[Field.template] = [data.whole(field)]
            return
        }
        fields[Field.template] = nil
    }

    /// The content of the last field of a number.
    private func content(_ number: Int) -> MessageBytes? {
        guard let whole = fields[number]?.last else { return nil }
        var reader = whole.fields
        return reader.next().map { whole.content($0) }
    }

    /// The metric as a message.
    var encoded: [UInt8] {
        var writer = FieldWriter()
        var numbers = Set(fields.keys)
        if properties != nil { numbers.insert(Field.properties) }
        if template != nil { numbers.insert(Field.template) }
        for number in numbers.sorted() {
            for field in fields[number] ?? [] { writer.raw(field.slice) }
            if number == Field.properties, let properties { writer.message(number, properties.encoded) }
            if number == Field.template, let template { writer.message(number, template.encoded) }
        }
        return writer.bytes
    }

    private static let values = [Field.isNull] + Field.values

    private static func isIdentity(_ number: Int) -> Bool {
        number == Field.name || number == Field.alias || number == Field.datatype
    }

    private static func isValue(_ number: Int) -> Bool { number == Field.isNull || Field.values.contains(number) }
}
