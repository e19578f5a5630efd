/// Who may import whom: the arrows of Package.swift, and what they may never say.
enum ImportRules {
    /// Pairs that must not be connected by any chain of arrows, in this direction.
    static let apart: [(from: String, to: String)] = [
        ("SenderOT", "ReceiverIT"), ("SenderOT", "Republish"), ("SenderOT", "Outbox"),
        ("ReceiverIT", "SenderOT"), ("ReceiverIT", "MQTT"), ("ReceiverIT", "Republish"), ("Republish", "SenderOT"),
        ("Republish", "ReceiverIT"),
        ("diode-send", "ReceiverIT"), ("diode-send", "Republish"), ("diode-recv", "SenderOT"),
        ("DiodeProtocol", "FEC"), ("FEC", "DiodeProtocol"),
        ("DiodeProtocol", "CLinux"), ("FEC", "CLinux"), ("DiodeProtocol", "CSQLite"), ("FEC", "CSQLite"),
    ]

    /// Modules of Foundation: a product target imports none of them.
    static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking"]

    static func findings(in tree: ProjectTree) -> [Finding] {
        let manifest = PackageManifest(tree)
        var findings: [Finding] = []
        for pair in apart where manifest.reach(of: pair.from).contains(pair.to) {
            findings.append(Finding("Package.swift", "\(pair.from) must not reach \(pair.to)"))
        }
        for path in tree.paths(ending: ".swift") {
            guard let target = manifest.target(holding: path) else { continue }
            for (number, module) in imports(of: path, in: tree) where module != target.name {
                if manifest.targets[module] != nil, !target.dependencies.contains(module) {
                    findings.append(
                        Finding(
                            path, line: number,
                            "imports \(module), but Package.swift has no arrow \(target.name) → \(module)"))
                }
                if path.hasPrefix("Sources/"), foundation.contains(module) {
                    findings.append(Finding(path, line: number, "\(target.name) may not import \(module)"))
                }
            }
        }
        return findings
    }

    /// `public import X`, `@testable import X`, `import struct X.Y`: line and module, dashes as Package.swift has them.
    private static func imports(of path: String, in tree: ProjectTree) -> [(Int, String)] {
        tree.lines(of: path).compactMap { line in
            guard line.text.contains("import ") else { return nil }
            let form =
                /(?:@\w+ +)*(?:(?:public|package|internal|private|fileprivate) +)?import +(?:(?:struct|class|enum|protocol|typealias|func|let|var) +)?(\w+).*/
            guard let match = line.text.wholeMatch(of: form) else { return nil }
            let name = String(match.output.1)
            return (line.number, name.hasPrefix("diode_") ? name.replacing("_", with: "-") : name)
        }
    }
}
