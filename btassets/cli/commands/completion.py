"""`btassets completion`: its options and examples."""

from btassets.cli.options import Word, argument
from btassets.cli.program import declare

command = declare(
    "completion",
    "btassets.cli.completion:command_completion",
    [argument("shell", type=Word(("bash", "zsh", "fish")), metavar="bash|zsh|fish", help="Your shell.")],
    more="Load it from the start-up file of your shell.",
    examples=[
        'eval "$(btassets completion bash)"      # in ~/.bashrc, bash 4.4 or later',
        'eval "$(btassets completion zsh)"       # in ~/.zshrc',
        "btassets completion fish | source       # in ~/.config/fish/config.fish",
    ],
)
