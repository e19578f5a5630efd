/// Who may import whom: the arrows of Package.swift, and what they may never say.
enum ImportRules {
    /// Pairs that must not be connected by any chain of arrows, in this direction.
    ///
    /// A name with a final slash is a folder of `Sources` and stands for every target in it, at any depth; any other is a target.
    static let apart: [(from: String, to: String)] = [
        ("SenderOT/", "ReceiverIT/"), ("SenderOT/", "Republish/"), ("SenderOT/", "Outbox/"),
        ("ReceiverIT/", "SenderOT/"), ("ReceiverIT/", "MQTT"), ("ReceiverIT/", "Republish/"),
        ("Republish/", "SenderOT/"), ("Republish/", "ReceiverIT/"), ("Outbox/", "ReceiverIT/"),
        ("diode-send", "ReceiverIT/"), ("diode-send", "Republish/"), ("diode-recv", "SenderOT/"),
        ("Shared/", "SenderOT/"), ("Shared/", "ReceiverIT/"), ("Shared/", "Outbox/"), ("Shared/", "Republish/"),
        ("Shared/", "ReadBack/"), ("SenderOT/", "ReadBack/"), ("diode-send", "ReadBack/"),
        ("ReadBack/", "SenderOT/"), ("ReadBack/", "ReceiverIT/"), ("ReadBack/", "Republish/"), ("Outbox/", "ReadBack/"),
        ("ReadBackCore", "Outbox/"),
        ("ReadBack", "MQTT"),
        ("SenderOT/", "DatagramListening"), ("diode-send", "DatagramListening"),
        ("ReceiverIT/", "DatagramEmission"), ("diode-recv", "DatagramEmission"),
        ("DatagramEmission", "DatagramListening"), ("DatagramListening", "DatagramEmission"),
        ("Datagrams", "DatagramEmission"), ("Datagrams", "DatagramListening"),
        ("DiodeProtocol", "FEC"), ("FEC", "DiodeProtocol"),
    ]

    /// Targets of values alone that the far side of a pair may know all the same: what is spoken of between these rooms.
    static let values: [(from: String, to: String)] = [
        ("Republish/", "Account"), ("Outbox/", "Account"), ("ReadBack/", "Account"),
    ]

    /// What holds files, sockets, threads and clocks: a target that docs/ARCHITECTURE.md calls "No I/O, no clock" reaches none of it.
    static let hands: Set<String> = ["Threading", "CLinux", "CSQLite", "Storage", "Datagrams", "KeyFiles", "MQTT"]

    /// Modules of the system by which such a target could do the same without an arrow.
    static let systemHands: Set<String> = ["Glibc", "Dispatch"]

    /// Modules of Foundation: a product target imports none of them.
    static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking"]

    static func findings(in tree: ProjectTree) -> [Finding] {
        let manifest = PackageManifest(tree)
        var findings: [Finding] = []
        for name in Set(apart.flatMap { [$0.from, $0.to] }).sorted() where targets(named: name, in: manifest).isEmpty {
            findings.append(Finding("Package.swift", "has no target for the import rule about \(name)"))
        }
        for pair in apart {
            let forbidden = targets(named: pair.to, in: manifest).subtracting(
                values.filter { $0.from == pair.from }.map(\.to))
            for from in targets(named: pair.from, in: manifest).sorted() {
                for to in manifest.reach(of: from).intersection(forbidden).sorted() {
                    findings.append(Finding("Package.swift", "\(from) must not reach \(to)"))
                }
            }
        }
        let deciding = decidingFolders(in: tree)
        for target in manifest.targets.values.sorted(by: { $0.name < $1.name }) where deciding.contains(target.folder) {
            for hand in manifest.reach(of: target.name).intersection(hands).sorted() {
                findings.append(Finding("Package.swift", "\(target.name) only decides and must not reach \(hand)"))
            }
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
                if deciding.contains(target.folder), systemHands.contains(module) {
                    findings.append(
                        Finding(path, line: number, "\(target.name) only decides and may not import \(module)"))
                }
                if path.hasPrefix("Sources/"), foundation.contains(module) {
                    findings.append(Finding(path, line: number, "\(target.name) may not import \(module)"))
                }
            }
        }
        return findings
    }

    /// The folders whose rows on the page of the architecture promise it: `| `Sources/X` | …. No I/O, no clock |`.
    private static func decidingFolders(in tree: ProjectTree) -> Set<String> {
        Set(
            tree.lines(of: ArchitecturePage.document).filter { $0.text.contains("No I/O, no clock") }.compactMap {
                line in
                line.text.firstMatch(of: /^\| `(Sources\/[A-Za-z\/-]+)` \|/).map { String($0.output.1) + "/" }
            })
    }

    /// The targets that a name in `apart` stands for.
    private static func targets(named name: String, in manifest: PackageManifest) -> Set<String> {
        Set(
            manifest.targets.values.filter {
                name.hasSuffix("/") ? $0.folder.hasPrefix("Sources/" + name) : $0.name == name
            }.map(\.name))
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
