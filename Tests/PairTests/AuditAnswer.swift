import Foundation
import TestKit

/// What `diode-recv --audit --format json` says of the pair's link, as far as a test asks for it (DESIGN §5).
struct AuditAnswer {
    let exit: Child.Exit
    private let link: [String: Any]

    /// Asks; the daemon may run or not.
    init(_ pair: DiodePair) async throws {
        let finished = try await run([
            Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration, "--format", "json",
        ])
        let document = try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any]
        guard let links = document?["links"] as? [[String: Any]], let first = links.first else {
            throw CommandFailed(description: "\(finished.exit): the audit names no link: \(finished.errors)")
        }
        exit = finished.exit
        link = first
    }

    /// A list of objects, such as `gaps` or `losses`.
    func list(_ name: String) -> [[String: Any]] { link[name] as? [[String: Any]] ?? [] }

    /// The losses of a layer.
    func losses(of layer: String) -> [[String: Any]] { list("losses").filter { $0["layer"] as? String == layer } }

    func total(_ name: String) -> Int { (link["totals"] as? [String: Any])?[name] as? Int ?? 0 }
    func sender(_ name: String) -> Int? { (link["sender"] as? [String: Any])?[name] as? Int }
    var isBalanced: Bool { link["balanced"] as? Bool ?? false }
}
