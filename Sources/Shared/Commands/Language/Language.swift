// Language: the words of a command line: how they are defined, read and explained.
//
//   CommandLanguage.swift — the commands and options of a program
//   Invocation.swift — what was asked, in the words of the language
//   CommandLineReader.swift — arguments into an invocation, or the reason why not
//   HelpText.swift — the language as a page to read
