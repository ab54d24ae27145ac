//! What is written about the command line agrees with it.

use crate::runner::run;

const ERRORS: &str = include_str!("../../../docs/errors.md");
const README: &str = include_str!("../../README.md");

#[test]
fn the_exit_codes_of_the_documentation_are_those_of_the_help() {
    let help = run(&["--help"]).good().stdout;
    let codes = help.split("Exit codes:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(codes.lines().count(), 9);
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(ERRORS.contains(&format!("| {code} | {meaning} |")), "docs/errors.md lacks: | {code} | {meaning} |");
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let lines = README.replace("\\\n", " ");
    let commands: Vec<_> = lines.lines().filter(|line| line.starts_with("ticketing ")).collect();
    assert!(commands.len() >= 10);
    for line in commands {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        let depth = if ["tickets", "users", "groups"].contains(&words[0]) { 2 } else { 1 };
        let help = run(&[&words[..depth], &["--help"]].concat()).good().stdout;
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag), "{flag} of: {line}");
        }
    }
}
