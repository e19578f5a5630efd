import Glibc
import Sparkplug

/// Messages of one edge node, one behind the other: a byte that picks topic and place in the stream, two of length, the payload. The sender folds
/// them; the proxy gets them, and at the end the states. What it costs is bounded by the bytes (P8).
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var shortest = cost { tell(input) }
    // Whatever else this process had to do may have been in the way.
    for _ in 0..<4 where shortest > bound(input.count) { shortest = min(shortest, cost { tell(input) }) }
    precondition(shortest <= bound(input.count), "P8: \(input.count) bytes cost \(shortest)")
    return 0
}

/// Processor time.
private func cost(_ body: () -> Void) -> Duration {
    let began = clock()
    body()
    return .microseconds(clock() - began)
}

/// What a sanitized build may take: some twenty times as much as is usual, and a fraction of what a square would.
private func bound(_ bytes: Int) -> Duration { .milliseconds(50) + .microseconds(20) * bytes }

private func tell(_ input: [UInt8]) {
    let topics = [
        "NBIRTH/N", "DBIRTH/N/D", "NDATA/N", "DDATA/N/D", "NDEATH/N", "DDEATH/N/D", "DBIRTH/N/E", "DDATA/N/E",
    ]
    .map { Array("spBv1.0/G/\($0)".utf8) }
    let command = Array("spBv1.0/G/NCMD/N".utf8)
    let limits = SparkplugLimits(nodes: 2, devicesPerNode: 2, metricsPerBirth: 200, bytes: 100_000)
    var fold = StateFold(limits: limits)
    var settings = EdgeNodeProxy.Settings()
    settings.limits = limits
    var proxy = EdgeNodeProxy(settings)
    var now = Moment(sinceStart: .seconds(1), unixMilliseconds: 1)
    var (position, sequence) = (0, UInt64(100))
    while position + 3 <= input.count {
        let head = input[position]
        let length = Int(input[position + 1]) << 8 | Int(input[position + 2])
        let payload = Array(input[(position + 3)..<min(position + 3 + length, input.count)])
        position += 3 + payload.count
        sequence = head & 0x80 == 0 ? sequence + 2 : sequence - 3
        let topic = topics[Int(head & 7)]
        let order = RecordOrder(epoch: 1, sequence: sequence)
        _ = fold.fold(topic: topic.span.bytes, payload: payload.span.bytes)
        proxy.record(
            topic: topic.span.bytes, payload: payload.span.bytes, order: order, sourceTime: 1, token: sequence, now: now
        )
        if head & 0x40 != 0 { proxy.received(topic: command.span.bytes, payload: payload.span.bytes, now: now) }
        carryOut(&proxy, now)
        now.sinceStart += .milliseconds(300)
        proxy.tick(now: now)
        carryOut(&proxy, now)
        guard sequence > 3 else { break }
    }
    for topic in fold.changedStates {
        guard let state = fold.takeState(of: topic.span.bytes) else { continue }
        var again = StateFold(limits: limits)
        again.restore(topic: topic.span.bytes, payload: state.span.bytes)
        precondition(state.isEmpty || again.takeState(of: topic.span.bytes) == state, "a state is its own fold")
        proxy.state(
            topic: topic.span.bytes, payload: state.span.bytes, order: RecordOrder(epoch: 2, sequence: 1),
            sourceTime: 1,
            token: nil, now: now)
        carryOut(&proxy, now)
    }
    precondition(fold.report.bytes <= limits.bytes && proxy.report.plant.bytes <= limits.bytes, "P8")
}

/// A broker that accepts and ends every connection at once.
private func carryOut(_ proxy: inout EdgeNodeProxy, _ now: Moment) {
    var actions = proxy.takeActions()
    while !actions.isEmpty {
        for action in actions {
            switch action {
            case .connect(let id, _): proxy.connected(id, now: now)
            case .disconnect(let id): proxy.lost(id, now: now)
            case .publish, .answer, .refuse, .giveUp, .forget: break
            }
        }
        actions = proxy.takeActions()
    }
}
