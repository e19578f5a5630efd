/// The language as a page to read.
public enum HelpText {
    /// The page of the program.
    public static func page(of language: CommandLanguage) -> String {
        var page = "\(language.program): \(language.summary)\n\nUsage:\n"
        for command in language.commands {
            page += "  \(usage(of: command, in: language))\n      \(command.summary)\n"
        }
        page += "  \(language.program) --help | -h, also behind a command;  \(language.program) --version | -V\n"
        let examples = language.commands.flatMap(\.examples)
        if !examples.isEmpty { page += "\nExamples:\n" + examples.map { "  \($0)\n" }.joined() }
        return page + "\nExit codes: 0 well; 1 the operation failed; 2 wrong usage or configuration\n"
            + language.closing
            + "\n"
    }

    /// The page of one command.
    public static func page(of name: String, in language: CommandLanguage) -> String {
        guard let command = language.command(name) else { return page(of: language) }
        var page = "\(usage(of: command, in: language))\n\n\(command.summary)\n"
        if !command.details.isEmpty { page += "\n\(command.details)\n" }
        if !command.options.isEmpty { page += "\nOptions:\n" }
        let width = command.options.map { form(of: $0).count }.max() ?? 0
        for option in command.options {
            let form = form(of: option)
            let space = String(repeating: " ", count: width - form.count + 2)
            page += "  \(form)\(space)\(option.summary)\(option.isRequired ? " (required)" : "")\n"
        }
        if !command.examples.isEmpty {
            page += "\nExamples:\n" + command.examples.map { "  \($0)\n" }.joined()
        }
        return page
    }

    /// `diode-recv pair --config FILE [--fingerprint SHA256:…] CARD`
    static func usage(of command: CommandLanguage.Command, in language: CommandLanguage) -> String {
        let options = command.options.map { $0.isRequired ? form(of: $0) : "[\(form(of: $0))]" }
        return ([language.program, command.name] + options + command.operands).joined(separator: " ")
    }

    private static func form(of option: CommandLanguage.Option) -> String {
        option.value.map { "\(option.name) \($0)" } ?? option.name
    }
}
