(** * What the program finds of vertices and cells is true *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows.

Section Vertices.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation row := (vector -> K F).
Notation sum_of := (weighted_sum (zero F) (add F) (mul F) integer).
Notation run_of := (run (zero F) (add F) (mul F) integer (relus_gate (F := F))).
Notation rows_with gate := (all_rows (zero F) (add F) (mul F) integer gate).
Notation run_Z := (run 0%Z Z.add Z.mul (fun n => n) (fun _ z => Z.max z 0)).

(** ** Integers are numbers *)

Lemma relu_integer z : relu F (integer z) = integer (Z.max z 0).
Proof.
  destruct (Z.le_gt_cases 0 z) as [h|h].
  - rewrite Z.max_l by lia. apply relu_active. now apply integer_nonneg.
  - rewrite Z.max_r by lia. rewrite integer_0. apply relu_silent. apply integer_nonpos. lia.
Qed.

Lemma sum_integer w v : sum_of w (map integer v) = integer (on_row w v).
Proof.
  unfold on_row. revert v. induction w as [|w0 w IH]; intros [|v0 v]; simpl; try (symmetry; apply integer_0).
  now rewrite IH, integer_add, integer_mul.
Qed.

Lemma entered_integer l t h :
  entered (zero F) (add F) (mul F) integer l (integer t) (map integer h) = map integer (entered 0%Z Z.add Z.mul (fun n => n) l t h).
Proof.
  unfold entered. rewrite map_map. apply map_ext. intros [w b]. simpl. fold (on_row w h). now rewrite sum_integer, integer_add, integer_mul.
Qed.

Lemma gated_integer i on z : gated (relus_gate (F := F)) i on (map integer z) = map integer (gated (fun _ z => Z.max z 0) i on z).
Proof.
  revert i z. induction on as [|[|] on IH]; intros i [|z0 z]; simpl; try reflexivity; rewrite IH; [|reflexivity].
  f_equal. apply relu_integer.
Qed.
Lemma picked_integer on z : picked on (map integer z) = map integer (picked on z) :> vector.
Proof. revert z. induction on as [|[|] on IH]; intros [|z0 z]; simpl; try reflexivity; now rewrite IH. Qed.

Lemma run_integer net v :
  run_of net (map integer v) = State (map (map integer) (layers (run_Z net v))) (integer (scale (run_Z net v))) (map integer (rows (run_Z net v))).
Proof.
  induction net as [|l before IH]; cbn [run].
  - simpl. f_equal; [now destruct v|]. destruct v; simpl; [symmetry; apply integer_0 | reflexivity].
  - rewrite IH. cbn [layers scale rows]. assert (e : hd [] (map (map integer) (layers (run_Z before v))) = map integer (hd [] (layers (run_Z before v))) :> vector).
    { now destruct (layers (run_Z before v)). }
    rewrite e, entered_integer, map_length, gated_integer, picked_integer, integer_mul, !rev_append_rev, map_app, map_rev. reflexivity.
Qed.

Lemma linear_of_integer net a hs :
  linear_of (zero F) (add F) (mul F) integer net a (map (map integer) hs) = integer (linear_of 0%Z Z.add Z.mul (fun n => n) net a hs).
Proof.
  revert net hs. induction a as [|own a IH]; intros net [|h hs]; cbn [linear_of map]; try (symmetry; apply integer_0). fold (on_row own h).
  destruct net as [|l before]; rewrite sum_integer; [reflexivity|]. now rewrite IH, integer_add, integer_mul.
Qed.

Lemma rows_integer net target v : rows_with (relus_gate (F := F)) net target (map integer v) = map integer (rows_at net target v).
Proof.
  unfold rows_at, all_rows. rewrite run_integer, !rev_append_rev, map_app, map_rev, map_map. simpl. do 2 f_equal. apply map_ext. intros c.
  unfold excess_at. cbn [layers scale]. now rewrite linear_of_integer, integer_add, integer_mul.
Qed.

(** ** Vertices *)

Variables (q : question) (target : list condition).
Notation n := (S (inputs q)).
Notation form := (Rows.form (F := F) (network q) target).
Notation value := (Rows.value (F := F) (network q) target).

Definition domain_functions : list row := map (fun a y => sum_of a y) (domain_rows q).
Notation rows_of := (Cover.rows_of domain_functions form).
Notation agrees := (Cover.agrees value).

Definition coordinates (v : vertex) : vector := map integer (place v).

Definition valid (v : vertex) : Prop :=
  length (place v) = n /\ of_rows v = rows_at (network q) target (place v)
  /\ of_domain v = map (fun a => on_row a (place v)) (domain_rows q) /\ forallb (Z.leb 0) (of_domain v) = true.

Lemma vertex_valid v e : vertex_at q target v = Some e -> valid e.
Proof.
  unfold vertex_at. destruct (length v =? n)%nat eqn:hl; [|easy]. cbn [andb]. destruct (forallb _ _) eqn:hd; [|easy].
  intros [= <-]. apply Nat.eqb_eq in hl. split; [exact hl|]. split; [reflexivity|]. split; [reflexivity | exact hd].
Qed.

Lemma all_vertices_valid ps : forall t t', all_vertices q target ps t = Some t' ->
  (forall k e, find t k = Some e -> valid e) -> forall k e, find t' k = Some e -> valid e.
Proof.
  induction ps as [|[key v] ps IH]; intros t t' h hv; simpl in h; [now injection h as <-|].
  destruct (vertex_at q target v) as [e|] eqn:he; [|easy]. destruct (insert t key e) as [t1|] eqn:ht; [|easy].
  apply (IH t1 t' h). intros k e' hf. apply (insert_spec _ _ _ _ ht) in hf. destruct hf as [hf|[_ ->]]; [now apply (hv k)|].
  now apply vertex_valid with v.
Qed.

Lemma found_all_valid {A} (P : A -> Prop) t keys vs :
  (forall k e, find t k = Some e -> P e) -> found_all t keys = Some vs -> Forall P vs.
Proof.
  intros ht. revert vs. induction keys as [|k keys IH]; intros vs h; simpl in h; [injection h as <-; constructor|].
  destruct (find t k) as [a|] eqn:e; [|easy]. destruct (found_all t keys) as [others|]; [|easy]. injection h as <-.
  constructor; [now apply (ht k) | now apply IH].
Qed.

Lemma on_domain_functions v : valid v -> map (fun g : row => g (coordinates v)) domain_functions = map integer (of_domain v).
Proof.
  intros [_ [_ [e _]]]. unfold domain_functions. rewrite e, !map_map. apply map_ext. intros a. apply sum_integer.
Qed.

Lemma value_of_vertex v i : valid v -> value i (coordinates v) = integer (nth i (rev (of_rows v)) 0%Z).
Proof.
  intros [_ [e _]]. unfold Rows.value, coordinates. rewrite rows_integer, <- e, <- map_rev.
  change (zero F) with (zero F). rewrite <- integer_0. apply map_nth.
Qed.

(** ** The signs of cells *)

Lemma fits_length p zs : fits p zs = true -> length p = length zs.
Proof. revert zs. induction p as [|b p IH]; intros [|z zs] h; simpl in *; try easy. apply andb_true_iff in h. now rewrite (IH zs). Qed.

Lemma fits_agrees y p zs : length y = n -> fits p zs = true ->
  (forall i, (i < length zs)%nat -> value i y = integer (nth i (rev zs) 0%Z)) ->
  agrees p y /\ map (fun g : row => g y) (Cover.signed form p) = map (fun z => integer (Z.abs z)) zs.
Proof.
  intros hy. revert zs. induction p as [|b p IH]; intros [|z zs] h hv; simpl in h; try easy. apply andb_true_iff in h. destruct h as [hb hf].
  destruct (IH zs hf) as [ha hm].
  { intros i hi. rewrite (hv i) by (simpl; lia). simpl. now rewrite app_nth1 by (rewrite rev_length; lia). }
  assert (hz : value (length p) y = integer z).
  { rewrite (fits_length p zs hf), (hv (length zs)) by (simpl; lia). simpl. rewrite <- (rev_length zs) at 1. now rewrite nth_middle. }
  assert (hside : side b (integer z) = integer (Z.abs z) :> K F).
  { destruct b; simpl; [apply Z.leb_le in hb; now rewrite Z.abs_eq|]. apply Z.leb_le in hb. now rewrite Z.abs_neq, integer_opp. }
  split.
  - simpl. split; [exact ha|]. rewrite hz, hside. apply integer_nonneg. lia.
  - unfold Cover.signed in *. simpl. rewrite app_nil_r, hm. f_equal. now rewrite (form_is_value (network q) target p y ha), hz, hside.
Qed.

Definition values_of (skipped : nat) (v : vertex) : list Z := (known skipped v ++ of_domain v)%list.

Lemma vertex_rows skipped p v : valid v -> fits p (known skipped v) = true ->
  agrees p (coordinates v) /\ map (fun g : row => g (coordinates v)) (rows_of p) = map (fun z => integer (Z.abs z)) (values_of skipped v).
Proof.
  intros hv hf. assert (hl : length (coordinates v) = n) by (unfold coordinates; rewrite map_length; apply hv).
  destruct (fits_agrees (coordinates v) p (known skipped v) hl hf) as [ha hm].
  { intros i hi. rewrite value_of_vertex by exact hv. f_equal. unfold known in *. rewrite <- (firstn_skipn skipped (of_rows v)) at 1.
    now rewrite rev_app_distr, app_nth1 by (rewrite rev_length; exact hi). }
  split; [exact ha|]. unfold Cover.rows_of, values_of. rewrite map_app, hm, map_app, (on_domain_functions v hv). f_equal.
  destruct hv as [_ [_ [_ hd]]]. rewrite forallb_forall in hd. apply map_ext_in. intros z hz. specialize (hd z hz). apply Z.leb_le in hd.
  now rewrite Z.abs_eq.
Qed.

Lemma at_map (rows : list row) k y : at_ rows k y = nth k (map (fun g : row => g y) rows) 0.
Proof. unfold at_. rewrite <- (map_nth (fun g : row => g y) rows (fun _ => 0) k). reflexivity. Qed.

Lemma at_values p skipped v k : valid v -> fits p (known skipped v) = true ->
  at_ (rows_of p) k (coordinates v) = integer (Z.abs (nth k (values_of skipped v) 0%Z)).
Proof.
  intros hv hf. destruct (vertex_rows skipped p v hv hf) as [_ e]. rewrite at_map, e.
  rewrite <- (map_nth (fun z => integer (Z.abs z)) (values_of skipped v) 0%Z k). simpl. now rewrite integer_0.
Qed.

Lemma integer_eq_0 z : integer z = 0 :> K F <-> z = 0%Z.
Proof.
  split; [|intros ->; apply integer_0]. intros e. destruct (Z.lt_trichotomy z 0) as [h|[h|h]]; [|exact h|].
  - exfalso. assert (g : le F 0 (integer z)) by (rewrite e; apply le_refl). rewrite <- integer_0 in g. apply integer_le in g. lia.
  - exfalso. assert (g : le F (integer z) 0) by (rewrite e; apply le_refl). rewrite <- integer_0 in g. apply integer_le in g. lia.
Qed.
Lemma integer_abs_0 z : integer (Z.abs z) = 0 :> K F <-> z = 0%Z.
Proof. rewrite integer_eq_0. lia. Qed.

(** Zeros. *)
Fixpoint zero_places (i : nat) (values : list Z) : list nat :=
  match values with [] => [] | z :: values' => if (z =? 0)%Z then i :: zero_places (S i) values' else zero_places (S i) values' end.

Lemma zeros_places i values : zeros (Z.of_nat i) values = map Z.of_nat (zero_places i values).
Proof.
  revert i. induction values as [|z values IH]; intros i; [reflexivity|]. simpl. specialize (IH (S i)). rewrite Nat2Z.inj_succ in IH.
  unfold Z.succ in IH. rewrite IH. now destruct (z =? 0)%Z.
Qed.
Lemma in_zero_places i values k : In k (zero_places i values) <-> exists j, (j < length values)%nat /\ k = (i + j)%nat /\ nth j values 0%Z = 0%Z.
Proof.
  revert i. induction values as [|z values IH]; intros i; simpl; [split; [easy | intros [j [h _]]; lia]|].
  assert (e : In k (zero_places (S i) values) <-> exists j, (S j < S (length values))%nat /\ k = (i + S j)%nat /\ nth j values 0%Z = 0%Z).
  { rewrite IH. split; intros [j h]; exists j; (split; [lia | split; [lia | tauto]]). }
  destruct (Z.eqb_spec z 0) as [hz|hz].
  - simpl. rewrite e. split.
    + intros [<-|[j h]]; [exists 0%nat; split; [lia | split; [lia | exact hz]] | now exists (S j)].
    + intros [[|j] [h1 [h2 h3]]]; [left; lia | right; now exists j].
  - rewrite e. split; [intros [j h]; now exists (S j)|]. intros [[|j] [h1 [h2 h3]]]; [easy | now exists j].
Qed.
Lemma zero_places_nodup i values : NoDup (zero_places i values).
Proof.
  revert i. induction values as [|z values IH]; intros i; simpl; [constructor|]. destruct (z =? 0)%Z; [|apply IH]. constructor; [|apply IH].
  intros h. apply in_zero_places in h. destruct h as [j [_ [h _]]]. lia.
Qed.

Lemma mem_spec k l : mem k l = true <-> In k l.
Proof.
  unfold mem. rewrite existsb_exists. split; [intros [j [h e]]; apply Z.eqb_eq in e; now subst | intros h; exists k; now rewrite Z.eqb_refl].
Qed.
Lemma mem_place k i values : mem (Z.of_nat k) (zeros (Z.of_nat i) values) = true <-> In k (zero_places i values).
Proof.
  rewrite mem_spec, zeros_places, in_map_iff. split; [intros [j [e h]]; apply Nat2Z.inj in e; now subst | intros h; now exists k].
Qed.

(** Somewhere. *)
Lemma length_or_each is zs found : length zs = length found -> length (or_each is zs found) = length found.
Proof. revert found. induction zs as [|z zs IH]; intros [|b found] h; simpl in *; try easy. now rewrite IH by lia. Qed.
Lemma length_somewhere is m lists : Forall (fun zs : list Z => length zs = m) lists -> length (somewhere is m lists) = m.
Proof.
  induction 1 as [|zs lists h _ IH]; unfold somewhere in *; simpl; [apply repeat_length|]. now rewrite length_or_each by congruence.
Qed.
Lemma nth_or_each is zs found k : length zs = length found -> (k < length zs)%nat ->
  nth k (or_each is zs found) false = is (nth k zs 0%Z) || nth k found false.
Proof.
  revert found k. induction zs as [|z zs IH]; intros [|b found] k h hk; simpl in *; try lia. destruct k as [|k]; [reflexivity|]. apply IH; lia.
Qed.
Lemma somewhere_spec is m lists k : Forall (fun zs : list Z => length zs = m) lists -> (k < m)%nat ->
  nth k (somewhere is m lists) false = true <-> exists zs, In zs lists /\ is (nth k zs 0%Z) = true.
Proof.
  intros h hk. induction h as [|zs lists hz hr IH]; unfold somewhere; simpl.
  - split; [rewrite nth_repeat; easy | intros [zs [[] _]]].
  - fold (somewhere is m lists). rewrite nth_or_each by (rewrite ?length_somewhere; congruence || lia). rewrite orb_true_iff, IH. split.
    + intros [e|[zs' [hi e]]]; [exists zs; auto | exists zs'; auto].
    + intros [zs' [[<-|hi] e]]; [now left | right; now exists zs'].
Qed.

(** ** Cells are polytopes *)

Definition right_cell (c : cell) : Prop :=
  polytope n (rows_of (pattern c)) (map coordinates (corners_of c))
  /\ Forall valid (corners_of c)
  /\ Forall (fun v => agrees (pattern c) (coordinates v)) (corners_of c)
  /\ Forall (fun v => fits (pattern c) (known (undecided c) v) = true) (corners_of c)
  /\ length (touched c) = length (pattern c)
  /\ forall r b s, pattern c = r ++ b :: s -> Exists (fun v => form s v = 0) (map coordinates (corners_of c)) -> nth (length r) (touched c) false = true.

Lemma domain_functions_linear : Forall (linear_on n) domain_functions.
Proof.
  apply Forall_forall. intros g hg. apply in_map_iff in hg. destruct hg as [a [<- _]]. intros c x d y hx hy. apply sum_linear. congruence.
Qed.
Lemma form_linear s : linear_on n (form s).
Proof. apply form_is_linear. Qed.

Lemma cell_right skipped vs c : Forall valid vs -> cell_of (inputs q) skipped vs = Some c -> right_cell c.
Proof.
  intros hvs h. unfold cell_of in h. destruct vs as [|v0 vs']; [easy|]. set (vs := v0 :: vs') in *.
  set (m := length (known skipped v0)) in *. set (p := somewhere (Z.ltb 0) m (map (known skipped) vs)) in *.
  set (values := map (fun v => (known skipped v ++ of_domain v)%list) vs) in *.
  match type of h with (if ?a then _ else _) = _ => destruct a eqn:hall; [|easy] end. injection h as <-.
  rewrite !andb_true_iff in hall. destruct hall as [[[hfit hlive] hcorner] hsome]. rewrite forallb_forall in hfit, hlive, hcorner, hsome.
  rewrite Forall_forall in hvs.
  assert (hm : length p = m) by (apply (fits_length p (known skipped v0)), hfit; now left).
  assert (hk : Forall (fun zs => length zs = m) (map (known skipped) vs)).
  { apply Forall_forall. intros zs hz. apply in_map_iff in hz. destruct hz as [v [<- hv]]. now rewrite <- (fits_length p _ (hfit v hv)). }
  assert (hdl : forall v, In v vs -> length (of_domain v) = length (domain_rows q)).
  { intros v hv. destruct (hvs v hv) as [_ [_ [e _]]]. rewrite e. apply map_length. }
  assert (hlr : length (rows_of p) = (m + length (of_domain v0))%nat).
  { unfold Cover.rows_of, Cover.signed, domain_functions. rewrite app_length, (length_signed_on form p []), map_length, hm. now rewrite (hdl v0) by now left. }
  assert (hval : Forall (fun zs => length zs = length (rows_of p)) values).
  { apply Forall_forall. intros zs hz. apply in_map_iff in hz. destruct hz as [v [<- hv]]. rewrite app_length, hlr.
    rewrite <- (fits_length p _ (hfit v hv)), hm. now rewrite !hdl by (try exact hv; now left). }
  assert (hat : forall v k, In v vs -> at_ (rows_of p) k (coordinates v) = integer (Z.abs (nth k (values_of skipped v) 0%Z))).
  { intros v k hv. apply at_values; [now apply hvs | now apply hfit]. }
  assert (hlin : Forall (linear_on n) (rows_of p)) by (apply Cover.rows_linear; [apply domain_functions_linear | apply form_linear]).
  assert (hvl : forall v, In v vs -> length (values_of skipped v) = length (rows_of p)).
  { intros v hv. rewrite Forall_forall in hval. apply hval. apply in_map_iff. now exists v. }
  assert (hagree : forall v, In v vs -> agrees p (coordinates v)) by (intros v hv; now apply (vertex_rows skipped p v (hvs v hv) (hfit v hv))).
  split; [|split; [|split; [|split; [|split]]]]; cbn [undecided pattern corners_of touched].
  - constructor.
    + easy.
    + apply Forall_forall. intros x hx. apply in_map_iff in hx. destruct hx as [v [<- hv]]. unfold coordinates. rewrite map_length. now apply hvs.
    + exact hlin.
    + apply Forall_forall. intros x hx. apply in_map_iff in hx. destruct hx as [v [<- hv]].
      destruct (vertex_rows skipped p v (hvs v hv) (hfit v hv)) as [_ e]. apply Forall_forall. intros g hg.
      assert (hin : In (g (coordinates v)) (map (fun z => integer (Z.abs z)) (values_of skipped v))) by (rewrite <- e; now apply in_map with (f := fun g : row => g (coordinates v))).
      apply in_map_iff in hin. destruct hin as [z [<- _]]. apply integer_nonneg. lia.
    + apply Forall_forall. intros g hg. destruct (In_nth _ _ (fun _ => 0) hg) as [k [hk1 hk2]].
      assert (hl : nth k (somewhere nonzero (length (rows_of p)) values) false = true).
      { rewrite hlr. apply hlive. apply nth_In. rewrite <- hlr, length_somewhere; assumption. }
      apply (somewhere_spec nonzero _ values k hval hk1) in hl. destruct hl as [zs [hz hn]]. apply in_map_iff in hz. destruct hz as [v [<- hv]].
      apply Exists_exists. exists (coordinates v). split; [now apply in_map|]. intros e. assert (ha := hat v k hv). unfold at_ in ha. rewrite hk2, e in ha.
      symmetry in ha. apply integer_abs_0 in ha. unfold values_of in ha. now rewrite ha in hn.
    + apply Forall_forall. intros x hx. apply in_map_iff in hx. destruct hx as [v [<- hv]]. exists (zero_places 0 (values_of skipped v)).
      assert (hc : is_corner (inputs q) (map (zeros 0) values) (zeros 0 (values_of skipped v)) = true).
      { apply hcorner. apply in_map_iff. exists (values_of skipped v). split; [reflexivity|]. apply in_map_iff. now exists v. }
      unfold is_corner in hc. apply andb_true_iff in hc. destruct hc as [hlen hedge]. apply Nat.eqb_eq in hlen. rewrite forallb_forall in hedge.
      change 0%Z with (Z.of_nat 0) in hlen at 1. rewrite zeros_places, map_length in hlen.
      assert (hon : forall v' k, In v' vs -> In k (zero_places 0 (values_of skipped v')) <-> (k < length (rows_of p))%nat /\ at_ (rows_of p) k (coordinates v') = 0).
      { intros v' k hv'. rewrite in_zero_places, hat, integer_abs_0 by exact hv'. rewrite (hvl v' hv'). split.
        - intros [j [h1 [h2 h3]]]. simpl in h2. subst j. now split.
        - intros [h1 h2]. now exists k. }
      split; [now rewrite hlen|]. split; [apply zero_places_nodup|]. split; [intros k; now apply hon|]. split.
      * intros k hkin. assert (he : is_edge (zeros 0 (values_of skipped v)) (map (zeros 0) values) (Z.of_nat k) = true).
        { apply hedge. apply mem_spec. change 0%Z with (Z.of_nat 0). now apply mem_place. }
        unfold is_edge in he. destruct (filter _ _) as [|a [|b [|? ?]]] eqn:hf; try easy.
        assert (hw : exists o, In o (map (zeros 0) values) /\ all_in (all_but (Z.of_nat k) (zeros 0 (values_of skipped v))) o = true /\ mem (Z.of_nat k) o = false).
        { assert (hab : In a [a; b] /\ In b [a; b]) by (simpl; tauto). rewrite <- hf in hab. destruct hab as [ha hb].
          apply filter_In in ha, hb. destruct (mem (Z.of_nat k) a) eqn:hma; [|exists a; tauto]. destruct (mem (Z.of_nat k) b) eqn:hmb; [easy | exists b; tauto]. }
        destruct hw as [o [ho [hin hnot]]]. apply in_map_iff in ho. destruct ho as [zs [<- hz]]. apply in_map_iff in hz. destruct hz as [w [<- hw]].
        exists (coordinates w). split; [now apply in_map|]. change 0%Z with (Z.of_nat 0) in hin, hnot. split.
        -- intros e. apply (hon v k hv) in hkin. assert (hkw : In k (zero_places 0 (values_of skipped w))) by (apply hon; tauto).
           apply mem_place in hkw. unfold values_of in hkw. now rewrite hkw in hnot.
        -- intros j hj hne. unfold all_in in hin. rewrite forallb_forall in hin. assert (hjin : mem (Z.of_nat j) (zeros (Z.of_nat 0) (values_of skipped w)) = true).
           { apply hin. unfold all_but. apply filter_In. split; [apply mem_spec; now apply mem_place|]. apply negb_true_iff, Z.eqb_neq. lia. }
           apply mem_place in hjin. now apply (hon w j hw) in hjin.
      * assert (hx : existsb nonzero (values_of skipped v) = true) by (apply hsome; apply in_map_iff; now exists v).
        apply existsb_exists in hx. destruct hx as [z [hz hn]]. destruct (In_nth _ _ 0%Z hz) as [k [hk1 hk2]]. rewrite (hvl v hv) in hk1.
        apply Exists_exists. exists (nth k (rows_of p) (fun _ => 0)). split; [apply nth_In; exact hk1|]. intros e. fold (at_ (rows_of p) k (coordinates v)) in e.
        rewrite (hat v k hv), integer_abs_0, hk2 in e. rewrite e in hn. discriminate hn.
  - now apply Forall_forall.
  - now apply Forall_forall.
  - now apply Forall_forall.
  - transitivity m; [exact (length_somewhere (Z.eqb 0) m _ hk) | now symmetry].
  - intros r b s e hx. assert (hr : (length r < m)%nat) by (rewrite <- hm, e, app_length; simpl; lia).
    apply (somewhere_spec (Z.eqb 0) m _ _ hk hr). apply Exists_exists in hx. destruct hx as [x [hx hz]]. apply in_map_iff in hx.
    destruct hx as [v [<- hv]]. exists (known skipped v). split; [now apply in_map|]. apply Z.eqb_eq. symmetry.
    assert (ha := hat v (length r) hv). unfold at_ in ha. rewrite e, Cover.rows_at in ha.
    rewrite app_nth2 in ha by (rewrite length_signed_on; lia). rewrite length_signed_on, Nat.sub_diag in ha. simpl in ha. rewrite hz, side_zero in ha.
    symmetry in ha. apply integer_abs_0 in ha. unfold values_of in ha. rewrite app_nth1 in ha; [exact ha|].
    now rewrite <- (fits_length p _ (hfit v hv)), hm.
Qed.

End Vertices.
