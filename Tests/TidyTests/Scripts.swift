import TestKit

/// Shell scripts parse; `make` has what the documents promise; CI runs `make test` and nothing else.
enum Scripts {
    static let makeTargets = ["setup", "demo", "test", "build", "bench", "fuzz", "soak", "mutants", "format", "lint"]

    static func findings(in tree: ProjectTree) async throws -> [Finding] {
        try await syntax(in: tree) + integration(in: tree) + targets(in: tree)
    }

    /// Every file that starts with a shell's `#!` line, or is named `.sh`, is read by `bash -n`.
    private static func syntax(in tree: ProjectTree) async throws -> [Finding] {
        var findings: [Finding] = []
        for path in tree.paths() {
            let text = tree.files[path] ?? ""
            let first = text.prefix { $0 != "\n" }
            guard path.hasSuffix(".sh") || (first.hasPrefix("#!") && first.contains(/\b(ba)?sh\b/)) else { continue }
            if try await !run(["bash", "-n"], input: text).succeeded {
                findings.append(Finding(path, "is not valid shell: bash -n refuses it"))
            }
        }
        return findings
    }

    private static func integration(in tree: ProjectTree) -> [Finding] {
        let path = ".ci/run"
        let commands = tree.lines(of: path).filter { line in
            !line.text.isEmpty && !line.text.hasPrefix("#") && !line.text.contains(/^(set|cd|export)\b/)
        }
        let stray = commands.filter { $0.text != "exec make test </dev/null" }
        return stray.map { Finding(path, line: $0.number, "does more than a developer's `make test`") }
            + (commands.count > stray.count ? [] : [Finding(path, "does not run `make test`")])
    }

    private static func targets(in tree: ProjectTree) -> [Finding] {
        let described = Set(
            tree.lines(of: "Makefile").compactMap {
                $0.text.wholeMatch(of: /([a-z-]+):.* ## \S.*/).map { String($0.output.1) }
            })
        return makeTargets.filter { !described.contains($0) }.map {
            Finding("Makefile", "has no described target \($0)")
        }
    }
}
