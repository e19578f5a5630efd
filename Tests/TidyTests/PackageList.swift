/// deploy/debian-packages.txt is the one list of Debian packages: Package.swift agrees with it, and nothing repeats it.
enum PackageList {
    static let document = "deploy/debian-packages.txt"
    static let sections = ["build", "test", "run"]

    static func findings(in tree: ProjectTree) -> [Finding] {
        var findings: [Finding] = []
        let (list, complaints) = read(tree)
        findings += complaints
        for section in sections where list[section]?.isEmpty ?? true {
            findings.append(Finding(document, "has no section [\(section)]"))
        }
        let providers = Set(PackageManifest(tree).debianPackages)
        let development = Set(["build", "test"].flatMap { list[$0] ?? [] })
        for package in providers.subtracting(development).sorted() {
            findings.append(Finding(document, "lacks \(package), which Package.swift needs"))
        }
        for package in development.subtracting(providers).sorted() where package.hasSuffix("-dev") {
            findings.append(Finding(document, "lists \(package), which Package.swift does not use"))
        }
        return findings + repetitions(of: Set(list.values.joined()), in: tree)
    }

    private static func read(_ tree: ProjectTree) -> (list: [String: [String]], complaints: [Finding]) {
        var list: [String: [String]] = [:]
        var complaints: [Finding] = []
        var section: String?
        for line in tree.lines(of: document) where !line.text.isEmpty && !line.text.hasPrefix("#") {
            if let heading = line.text.wholeMatch(of: /\[([a-z]+)\]/) {
                section = String(heading.output.1)
            } else if let entry = line.text.wholeMatch(of: /([a-z0-9][a-z0-9.+-]*) +- \S.*/), let section {
                let name = String(entry.output.1)
                if list[section]?.contains(name) == true {
                    complaints.append(Finding(document, line: line.number, "lists \(name) twice in [\(section)]"))
                }
                list[section, default: []].append(name)
            } else {
                complaints.append(Finding(document, line: line.number, "is not `package - why` in a section"))
            }
        }
        return (list, complaints)
    }

    /// Whoever installs packages refers to the list; only its own script calls apt.
    private static func repetitions(of packages: Set<String>, in tree: ProjectTree) -> [Finding] {
        let readers =
            tree.paths(ending: ".md") + tree.paths(under: ".ci/") + tree.paths(under: "deploy/", ending: ".sh") + [
                "Makefile"
            ]
        return readers.flatMap { path in
            tree.lines(of: path).filter { $0.text.contains(/\bapt(-get)? +(.* )?install\b/) }.compactMap { line in
                let named = line.text.split { !($0.isLetter || $0.isNumber || "+.-".contains($0)) }.map(String.init)
                let repeated = named.filter(packages.contains)
                if repeated.isEmpty, path.hasSuffix(".md") { return nil }
                return Finding(path, line: line.number, "installs packages by itself: refer to \(document)")
            }
        }
    }
}
