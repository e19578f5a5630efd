/// Reads arguments in the words of a language.
///
/// Options are long, `--name value` or `--name=value`, anywhere after the command; `-h`, `-V` and `-c` are the only short
/// ones. After `--` everything is an operand. What is unknown, doubled, missing or too much is an error.
public struct CommandLineReader {
    private let language: CommandLanguage
    private var rest: ArraySlice<String>

    private init(_ language: CommandLanguage, _ arguments: [String]) {
        self.language = language
        rest = arguments[...]
    }

    /// Reads the arguments behind the program's name.
    public static func read(_ arguments: [String], as language: CommandLanguage) throws(UsageError) -> Request {
        var reader = CommandLineReader(language, arguments)
        return try reader.request()
    }

    private mutating func request() throws(UsageError) -> Request {
        guard let first = rest.popFirst() else {
            throw UsageError("no command; \(language.program) --help lists them")
        }
        if let command = language.command(first) { return try invocation(of: command) }
        switch first {
        case "--help", "-h": return .help(command: nil)
        case "--version", "-V": return .version
        default:
            let kind = first.hasPrefix("-") ? "option" : "command"
            throw UsageError("unknown \(kind) \"\(first)\"; \(language.program) --help lists what there is")
        }
    }

    private mutating func invocation(of command: CommandLanguage.Command) throws(UsageError) -> Request {
        var values: [String: String] = [:]
        var further: [String: [String]] = [:]
        var operands: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                continue
            }
            if argument == "--help" || argument == "-h" { return .help(command: command.name) }
            if argument == "--version" || argument == "-V" { return .version }
            let (name, attached) = Self.split(argument)
            guard let option = command.option(name) else {
                throw UsageError("unknown option \"\(name)\"; \(usage(of: command))")
            }
            let isFirst = values[option.name] == nil
            guard isFirst || option.mayRepeat else { throw UsageError("\(option.name) stands twice") }
            let value = try value(of: option, attached: attached)
            if isFirst { values[option.name] = value } else { further[option.name, default: []].append(value) }
        }
        for option in command.options where option.isRequired && values[option.name] == nil {
            throw UsageError("\(option.name) \(option.value ?? "") is missing; \(usage(of: command))")
        }
        guard operands.count == command.operands.count else {
            let reason =
                operands.count < command.operands.count
                ? "\(command.operands[operands.count]) is missing"
                : "\"\(operands[command.operands.count])\" is too much"
            throw UsageError("\(reason); \(usage(of: command))")
        }
        return .invoke(Invocation(command: command.name, operands: operands, values: values, further: further))
    }

    /// `--name=value` into its parts, and `-cvalue` and `-c=value` as the long option they stand for.
    private static func split(_ argument: String) -> (name: String, attached: String?) {
        if argument.hasPrefix("-c") {
            let value = argument.dropFirst(2)
            return ("--config", value.isEmpty ? nil : String(value.hasPrefix("=") ? value.dropFirst() : value))
        }
        guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }

    private mutating func value(
        of option: CommandLanguage.Option, attached: String?
    ) throws(UsageError) -> String {
        guard let name = option.value else {
            guard attached == nil else { throw UsageError("\(option.name) takes no value") }
            return ""
        }
        // A value that looks like an option is a forgotten value; who means it writes `--name=value`.
        guard let value = attached ?? (rest.first.map { $0.hasPrefix("--") } == true ? nil : rest.popFirst()),
            !value.isEmpty
        else { throw UsageError("\(option.name) needs a value: \(option.name) \(name)") }
        return value
    }

    private func usage(of command: CommandLanguage.Command) -> String {
        "usage: \(HelpText.usage(of: command, in: language))"
    }
}
