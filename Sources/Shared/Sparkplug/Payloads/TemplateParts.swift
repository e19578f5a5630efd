/// A template instance taken apart, so that data with some of its members can set it (Sparkplug 3.0.0 section 6.4.11). Members are told apart
/// by their names.
struct TemplateParts {
    private static let members = 2

    /// The fields in their order, as they came; nil for those that data has replaced.
    private var fields: [MessageBytes?] = []
    /// Which of them are members: of those the metric is kept, of others the whole field.
    private var isMember: Set<Int> = []
    /// Where fields that are no members stand, by number.
    private var places: [Int: [Int]] = [:]
    /// Where members stand, by name; of two with one name the first.
    private var named: [ArraySlice<UInt8>: Int] = [:]
    /// Members that data has set, by their places.
    private var opened: [Int: MetricParts] = [:]

    init(_ template: MessageBytes) {
        for field in template.fields { append(field, of: template) }
    }

    /// Takes over what data says of some members, at a cost of the data's bytes and of those members'.
    /// - Returns: false if its members cannot be told apart by name; then nothing has changed, and the data stands for itself.
    mutating func set(by data: MessageBytes) -> Bool {
        var news: Set<ArraySlice<UInt8>> = []
        for field in data.fields where field.number == Self.members {
            let name = Self.name(of: data.content(field))
            guard !name.isEmpty, news.insert(name).inserted else { return false }
        }
        for number in Set(data.fields.map(\.number)) where number != Self.members {
            for place in places.removeValue(forKey: number) ?? [] { fields[place] = nil }
        }
        for field in data.fields {
            let content = data.content(field)
            if field.number == Self.members, let place = named[Self.name(of: content)], let known = fields[place] {
                opened[place, default: MetricParts(known)].set(by: content)
            } else {
                append(field, of: data)
            }
        }
        return true
    }

    private mutating func append(_ field: WireField, of message: MessageBytes) {
        if field.number == Self.members {
            let content = message.content(field)
            let name = Self.name(of: content)
            if !name.isEmpty, named[name] == nil { named[name] = fields.count }
            isMember.insert(fields.count)
            fields.append(content)
        } else {
            places[field.number, default: []].append(fields.count)
            fields.append(message.whole(field))
        }
    }

    private static func name(of member: MessageBytes) -> ArraySlice<UInt8> {
        member.bytes[MetricView(member.bytes, member.range).name]
    }

    /// The instance as a message.
    var encoded: [UInt8] {
        var writer = FieldWriter()
        for (place, field) in fields.enumerated() {
            guard let field else { continue }
            if let member = opened[place] {
                writer.message(Self.members, member.encoded)
            } else if isMember.contains(place) {
                writer.message(Self.members, field.slice)
            } else {
                writer.raw(field.slice)
            }
        }
        return writer.bytes
    }
}
