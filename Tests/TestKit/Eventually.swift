/// Waits until a condition holds, asking every few milliseconds; never sleeps longer than it must.
/// - Returns: whether it came to hold in time.
public func eventually(
    _ timeout: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + timeout
    var pause = Duration.milliseconds(2)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(50))
    }
    return try await condition()
}
