# Shortcuts; each line may as well be typed.
.PHONY: serve test check lock

serve:
	pip install -e . && mkdocs serve

test:
	pip install -e '.[test]' && pytest -n auto --dist worksteal

check:
	.ci/run

lock: # needs uv
	printf 'hatchling\neditables\n' | $(COMPILE) --extra test --output-file requirements.lock
	printf 'hatchling\neditables\n' | $(COMPILE) --resolution lowest-direct \
		--output-file requirements-oldest.lock

COMPILE = uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command 'make lock'
