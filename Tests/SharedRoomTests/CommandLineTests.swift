import KeyFiles
import JSON
import TestKit
import Testing

@testable import Commands

@Suite("Command line")
struct CommandLineTests {
    private let language = CommandLanguage(
        program: "diode-x", summary: "a language for tests",
        commands: [
            .init(
                "run",
                options: [.config, .init("--json", summary: "as JSON"), .init("--epoch", "N", summary: "an epoch")],
                summary: "runs", examples: ["diode-x run -c f"]),
            .init("pair", operands: ["CARD"], options: [.config], summary: "pairs"),
            .init("--audit", options: [.config], summary: "audits"),
        ], closing: "the end")

    private func read(_ line: String) throws(UsageError) -> Request {
        try CommandLineReader.read(line.split(separator: " ").map(String.init), as: language)
    }

    @Test(
        "options stand anywhere, long or in the three short forms, with a space or an equals sign",
        arguments: [
            ("run --config f", ["--config": "f"], []), ("run --config=f", ["--config": "f"], []),
            ("run -c f --json", ["--config": "f", "--json": ""], []), ("run -cf", ["--config": "f"], []),
            ("run -c=f --epoch=-1", ["--config": "f", "--epoch": "-1"], []),
            ("run --config=--x", ["--config": "--x"], []),
            ("pair card -c f", ["--config": "f"], ["card"]), ("pair -c f -- --card", ["--config": "f"], ["--card"]),
            ("pair -c f -", ["--config": "f"], ["-"]), ("--audit -c f", ["--config": "f"], []),
        ] as [(String, [String: String], [String])])
    func invocations(line: String, values: [String: String], operands: [String]) throws {
        let command = String(line.prefix { $0 != " " })
        #expect(try read(line) == .invoke(Invocation(command: command, operands: operands, values: values)))
    }

    @Test("help and version are asked for before or behind a command")
    func others() throws {
        for line in ["--help", "-h"] { #expect(try read(line) == .help(command: nil)) }
        for line in ["run --help", "run -c f -h", "run -h --nonsense"] {
            #expect(try read(line) == .help(command: "run"))
        }
        for line in ["--version", "-V", "run -V"] { #expect(try read(line) == .version) }
    }

    @Test(
        "what is unknown, doubled, missing or too much is refused with what would be right",
        arguments: [
            ("", "no command; diode-x --help lists them"),
            ("frob", "unknown command \"frob\"; diode-x --help lists what there is"),
            ("--frob", "unknown option \"--frob\"; diode-x --help lists what there is"),
            ("run", "--config FILE is missing; usage: diode-x run --config FILE [--json] [--epoch N]"),
            ("run --frob -c f", "unknown option \"--frob\"; usage: diode-x run --config FILE [--json] [--epoch N]"),
            ("run -j -c f", "unknown option \"-j\"; usage: diode-x run --config FILE [--json] [--epoch N]"),
            ("run -c f --config g", "--config stands twice"), ("run --json=1 -c f", "--json takes no value"),
            ("run -c", "--config needs a value: --config FILE"),
            ("run --config= ", "--config needs a value: --config FILE"),
            ("run -c --json", "--config needs a value: --config FILE"),
            ("pair -c f", "CARD is missing; usage: diode-x pair --config FILE CARD"),
            ("pair -c f a b", "\"b\" is too much; usage: diode-x pair --config FILE CARD"),
        ])
    func refusals(line: String, reason: String) {
        var refusal: UsageError?
        do { _ = try read(line) } catch { refusal = error }
        #expect(refusal?.description == reason)
    }

    @Test("help shows every command and the examples")
    func help() {
        let page = HelpText.page(of: language)
        #expect(page.contains("  diode-x run --config FILE [--json] [--epoch N]\n      runs\n"))
        #expect(page.contains("Examples:\n  diode-x run -c f\n"))
        #expect(page.hasSuffix("the end\n"))
        let command = HelpText.page(of: "run", in: language)
        #expect(
            command.contains(
                "  --config FILE  the configuration (JSON5); -c for short (required)\n  --json         as JSON\n"))
    }

    @Test(
        "the exit code of status is that of its worst part; what a side cannot know does not count",
        arguments: [
            (["online", "online", "online", "unknown"], .success),
            (["online", "degraded", "online", "online"], .degraded),
            (["stale", "degraded", "online", "online"], .lost), (["online", "online", "online", "offline"], .lost),
        ] as [([String], ExitCode)])
    func status(states: [String], code: ExitCode) {
        let answer = JSONValue.object(
            zip(StatusReport.parts, states).map {
                .init($0, ["state": .text($1), "since": "2026-11-21T09:31:02.120Z"])
            })
        #expect(StatusReport(answer).code == code)
        #expect(StatusReport(answer).page.hasPrefix("link       \(states[0])"))
        #expect(StatusReport(answer).page.split(separator: "\n").count == 4)
    }

    @Test("a file is written whole or not at all, and never over another by mistake")
    func files() throws {
        let folder = try TemporaryDirectory("files")
        let path = folder.file("a")
        try WholeFile.create(path, [1, 2, 3], mode: 0o600)
        #expect(throws: (any Error).self) { try WholeFile.create(path, [4], mode: 0o600) }
        #expect(try WholeFile.read(path, maximumBytes: 3) == [1, 2, 3])
        #expect(throws: (any Error).self) { try WholeFile.read(path, maximumBytes: 2) }
        try WholeFile.replace(path, [5], mode: 0o600)
        #expect(try WholeFile.read(path, maximumBytes: 3) == [5])
        #expect(!WholeFile.exists(path + ".new"))
        #expect(throws: (any Error).self) { try WholeFile.read(folder.path, maximumBytes: 9) }
        #expect(throws: (any Error).self) { try WholeFile.replace(folder.file("none/a"), [5], mode: 0o600) }
    }
}
