internal import Account
internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import Outbox
internal import Threading
internal import Time

/// Decides under which topic and with which properties a delivery goes out, or what else becomes of it.
///
/// ```text
/// topic ─▶ mapped ─▶ not ours: dead letter
///                 ─▶ expired: shed, malformed: dead letter
///                 ─▶ deletes what the IT broker ends by itself: folded
///                 ─▶ superseded: to diode/<link>/late/<topic>, to its own topic unretained, or shed
///                 ─▶ goes
/// ```
struct Addressing: Sendable {
    enum Ruling {
        /// Under `topic(_:of:)`, with `properties`.
        case goes(Address, retain: Bool)
        case answered(Disposition)
    }

    enum Address { case asItCame, mapped, late }

    private let late: LatePolicy
    private let ending: EndingValues
    private var mapper: TopicMapper
    private var composer: PropertyComposer
    private var lateTopic: [UInt8]
    private let lateTopicStart: Int

    init(_ settings: PublisherSettings) {
        late = settings.late
        ending = settings.ending
        mapper = settings.mapper
        composer = PropertyComposer(link: settings.link)
        lateTopic = Array("diode/\(settings.link)/late/".utf8)
        lateTopicStart = lateTopic.count
    }

    /// Of the last delivery that goes; encoded, without length prefix.
    var properties: RawSpan {
        @_lifetime(borrow self) get { composer.bytes.span.bytes }
    }

    /// Properties of the plant that bore a name of ours.
    var renamedProperties: UInt64 { composer.renamed }

    /// Rules on one delivery. Nothing is allocated once the buffers have grown.
    mutating func rule(_ delivery: borrowing Delivery, now: MonotonicInstant) -> Ruling {
        let mapping = mapper.map(delivery.topic, payload: delivery.payload)
        if case .refused(let reason) = mapping { return .answered(.dead(reason)) }
        switch composer.compose(delivery, now: now) {
        case .composed: break
        case .expired:
            // A repair that has expired finds what it found before.
            if delivery.retain, !delivery.isRefresh, delivery.lateness != .superseded { ending.forget(delivery.topic) }
            return .answered(.shed(.expired))
        case .invalid: return .answered(.dead(.invalid))
        }
        let address: Address = mapping == .prefixed ? .mapped : .asItCame
        guard delivery.lateness == .superseded else {
            if delivery.retain, isEnded(delivery, now: now) { return .answered(.folded) }
            switch address {
            case .mapped where delivery.retain: composer.appendTopic(mapper.prefixed)
            case .asItCame where delivery.retain: composer.appendTopic([UInt8](copying: delivery.topic))
            case .mapped, .asItCame, .late: break
            }
            return .goes(address, retain: delivery.retain)
        }
        switch late {
        case .drop: return .answered(.shed(.late))
        case .mark: return .goes(address, retain: false)
        case .topic:
            lateTopic.removeSubrange(lateTopicStart...)
            if address == .mapped {
                lateTopic.append(contentsOf: mapper.prefixed)
            } else {
                delivery.topic.withUnsafeBytes { lateTopic.append(contentsOf: $0) }
            }
            guard lateTopic.count <= TopicMapper.maximumTopicBytes else { return .answered(.dead(.topicTooLong)) }
            return .goes(.late, retain: false)
        }
    }

    /// Whether a retained delivery deletes what the IT broker ends by itself; of any other it is noted when its value ends.
    private func isEnded(_ delivery: borrowing Delivery, now: MonotonicInstant) -> Bool {
        guard delivery.isDeletion else {
            ending.note(delivery.topic, secondsLeft: composer.secondsLeft, now: now)
            return false
        }
        if delivery.isRefresh { ending.wasKept(delivery.topic, now: now) }
        return ending.takeEnded(delivery.topic, isExpiry: composer.secondsLeft == 0, now: now)
    }

    /// The topic that `rule` has spoken of.
    @_lifetime(borrow self, borrow delivery)
    func topic(_ address: Address, of delivery: borrowing Delivery) -> RawSpan {
        switch address {
        case .asItCame: delivery.topic
        case .mapped: mapper.prefixed.span.bytes
        case .late: lateTopic.span.bytes
        }
    }
}
