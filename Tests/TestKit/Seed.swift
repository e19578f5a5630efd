import Foundation

/// Runs a random test with a fresh seed, or with the one of the environment variable `SEED`.
///
/// The seed is printed, with the test's name, whenever the body throws and before it runs: an expectation that fails does not
/// throw, so the line before it is what replays it.
public func withSeed<Result>(
    _ test: String = #function, isolation: isolated (any Actor)? = #isolation,
    _ body: (inout SeededGenerator) async throws -> Result
) async rethrows -> Result {
    let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? UInt64.random(in: .min ... .max)
    print("SEED=\(seed) replays \(test)")
    var random = SeededGenerator(seed: seed)
    return try await body(&random)
}
