import Glibc

/// Shell scripts parse; `make` has what the documents promise; CI runs `make test` and nothing else.
enum Scripts {
    static let makeTargets = ["setup", "demo", "test", "build", "bench", "fuzz", "soak", "format", "lint"]

    static func findings(in tree: ProjectTree) throws -> [Finding] {
        try syntax(in: tree) + integration(in: tree) + targets(in: tree)
    }

    /// Every file that starts with a shell's `#!` line, or is named `.sh`, is read by `bash -n`.
    private static func syntax(in tree: ProjectTree) throws -> [Finding] {
        try tree.paths().compactMap { path in
            let text = tree.files[path] ?? ""
            let first = text.prefix { $0 != "\n" }
            guard path.hasSuffix(".sh") || (first.hasPrefix("#!") && first.contains(/\b(ba)?sh\b/)) else { return nil }
            return try parses(text) ? nil : Finding(path, "is not valid shell: bash -n refuses it")
        }
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

    /// Asks bash to read the text without running it, through a pipe of our own.
    private static func parses(_ text: String) throws -> Bool {
        guard let shell = popen("bash -n 2>/dev/null", "w") else { throw ScriptError.noShell(errno) }
        var text = text
        text.withUTF8 { bytes in _ = fwrite(bytes.baseAddress, 1, bytes.count, shell) }
        return pclose(shell) == 0
    }

    enum ScriptError: Error {
        case noShell(Int32)
    }
}
