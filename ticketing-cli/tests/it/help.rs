//! Every command's help, word by word: it is what users read first, and what scripts rely on.

use crate::runner::run;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["providers"],
    &["connect"],
    &["connections"],
    &["connections", "list"],
    &["connections", "show"],
    &["connections", "test"],
    &["connections", "rename"],
    &["connections", "remove"],
    &["connections", "export"],
    &["connections", "import"],
    &["connections", "rekey"],
    &["admin-kit"],
    &["sandbox"],
    &["tickets"],
    &["tickets", "list"],
    &["tickets", "get"],
    &["tickets", "create"],
    &["tickets", "update"],
    &["tickets", "delete"],
    &["tickets", "comment"],
    &["tickets", "comments"],
    &["tickets", "history"],
    &["tickets", "transitions"],
    &["users"],
    &["users", "list"],
    &["users", "get"],
    &["users", "find"],
    &["groups"],
    &["groups", "list"],
    &["groups", "get"],
    &["groups", "members"],
    &["fields"],
    &["raw"],
    &["schema"],
    &["completions"],
];

#[test]
fn every_command_has_its_help() {
    let mut insta = insta::Settings::clone_current();
    insta.set_prepend_module_to_snapshot(false);
    insta.bind(|| {
        for command in COMMANDS {
            let name = ["help"].iter().chain(*command).copied().collect::<Vec<_>>().join("_");
            let run = run(&[command, ["--help"].as_slice()].concat()).good();
            insta::assert_snapshot!(name, run.stdout);
        }
    });
}

#[test]
fn the_list_of_commands_is_whole() {
    let listed = |text: &str| -> Vec<String> {
        let commands = text.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
        let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    };
    for command in listed(&run(&["--help"]).good().stdout) {
        assert!(COMMANDS.contains(&[command.as_str()].as_slice()), "{command} is missing above");
        for sub in listed(&run(&[&command, "--help"]).good().stdout) {
            assert!(COMMANDS.contains(&[command.as_str(), &sub].as_slice()), "{command} {sub} is missing above");
        }
    }
}

#[test]
fn without_a_command_the_help_is_an_error() {
    for command in [&[][..], &["tickets"], &["users"], &["groups"], &["users", "find"]] {
        let run = run(command);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{command:?}");
        assert!(run.stderr.contains("Usage: ticketing"), "{command:?}: {}", run.stderr);
    }
}

#[test]
fn every_word_of_a_vocabulary_is_in_the_help() {
    use ticketing::model::{PriorityLevel, StatusCategory, TypeCategory, Visibility};
    use ticketing::request::SortField;

    let list = run(&["tickets", "list", "--help"]).good().stdout;
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    let comments = run(&["tickets", "comments", "--help"]).good().stdout;
    let expect = |text: &str, words: Vec<&str>| {
        for word in words {
            assert!(
                text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|known| known == word),
                "{word}: {text}"
            );
        }
    };
    expect(&list, StatusCategory::ALL.iter().map(|word| word.as_str()).collect());
    expect(&list, PriorityLevel::ALL.iter().map(|word| word.as_str()).collect());
    expect(&list, TypeCategory::ALL.iter().map(|word| word.as_str()).collect());
    expect(&list, SortField::ALL.iter().map(|word| word.as_str()).collect());
    expect(&comments, Visibility::ALL.iter().map(|word| word.as_str()).collect());
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(run(&["--version"]).good().stdout, format!("ticketing {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).good().stdout;
        assert!(script.contains("ticketing") && script.contains("native-status"), "{shell}: {script}");
    }
    run(&["completions", "basic"]).bad(2, &["'basic'", "bash"]);
    run(&["completions", "bash", "--json"]).bad(2, &["--json"]);
}
