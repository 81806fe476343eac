# The platform's tasks. ENV is the environment: dev, staging, prod, recovery or shared.
ENV     ?= dev
ARGS    ?= get pods -A -o wide
GO      ?= go
SANDBOX := .sandbox/bin/sandbox

.DEFAULT_GOAL := help
.PHONY: help up preview down refresh report env stop status kubectl tools test unit lint golden docs bench clean sandbox

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: sandbox ## Bring the environment ENV up on this machine (dev by default)
	@$(SANDBOX) up --env $(ENV)

preview: sandbox ## Say what up would change; ROLE is the role that asks (the deployer's by default)
	@$(SANDBOX) preview --env $(ENV) $(if $(ROLE),--as $(ROLE))

down: sandbox ## Remove the environment, and check that nothing is left
	@$(SANDBOX) down --env $(ENV)

refresh: sandbox ## Find out what has drifted
	@$(SANDBOX) refresh --env $(ENV)

report: sandbox ## Say what the environment has
	@$(SANDBOX) report --env $(ENV)

env: sandbox ## Print the variables for plain pulumi and kubectl: eval "$(make -s env)"
	@$(SANDBOX) env --env $(ENV)

stop: sandbox ## Stop all control planes; what they hold is kept
	@$(SANDBOX) stop

status: sandbox ## List the environments and their control planes
	@$(SANDBOX) status

kubectl: sandbox ## Run kubectl ARGS on the environment's cluster
	@$(SANDBOX) kubectl --env $(ENV) -- $(ARGS)

tools: sandbox ## Build everything that the sandbox runs
	@$(SANDBOX) tools

test: tools ## Check formatting, vet, and run all tests, those on the real engine and control plane included
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) test -timeout 30m ./...
	cd tools/topics && $(GO) vet ./... && $(GO) test ./...

unit: ## Run the tests that need neither engine nor control plane
	$(GO) test -short ./...

lint: ## Run the linters of .golangci.yaml
	$(GO) tool -modfile tools/lint/go.mod golangci-lint run

golden: ## Rewrite the golden files from the stack files; review the diff
	-$(GO) test ./stacks -update
	git diff --stat -- stacks

docs: ## Rewrite the generated documentation
	-$(GO) test ./config ./stacks -run 'Reference|Graph' -update
	git diff --stat -- docs

bench: tools ## Measure up and preview, and print a table of the figures
	$(GO) run ./sandbox/bench

clean: ## Stop everything and remove what the sandbox keeps, the built programs included
	@if [ -x $(SANDBOX) ]; then $(SANDBOX) stop; fi
	rm -rf .sandbox

sandbox:
	@$(GO) build -o $(SANDBOX) ./sandbox
